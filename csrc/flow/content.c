/* Sources and sinks, whatever they are made of. */
#include "flow/content.h"

void oci_source_free(struct oci_source *s)
{
    if (s)
        s->type->free(s);
}

void oci_sink_free(struct oci_sink *s)
{
    if (s)
        s->type->free(s);
}

void oci_source_resume(struct oci_source *s)
{
    if (s->resume.fn)
        s->resume.fn(s->resume.ctx);
}

void oci_sink_resume(struct oci_sink *s)
{
    if (s->resume.fn)
        s->resume.fn(s->resume.ctx);
}
