package jobs

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// span begins a span of a trace, where somebody wants traces. What it returns ends it: with an error it is a failed one.
func (r *Runner) span(ctx context.Context, name string, about ...attribute.KeyValue) (context.Context, func(err error, found ...attribute.KeyValue)) {
	if r.Tracer == nil {
		return ctx, func(error, ...attribute.KeyValue) {}
	}
	ctx, s := r.Tracer.Start(ctx, name, trace.WithAttributes(about...))
	return ctx, func(err error, found ...attribute.KeyValue) {
		s.SetAttributes(found...)
		if err != nil {
			s.SetStatus(codes.Error, rootOf(err))
			s.SetAttributes(attribute.String("windvane.cause", CauseOf(err)))
		}
		s.End()
	}
}

// The attributes of spans. The clock of spans is the tracer's own: no figure and no record depends on it.
func asOfAttribute(asOf interface{ String() string }) attribute.KeyValue {
	return attribute.String("windvane.as_of", asOf.String())
}

func runAttribute(run string) attribute.KeyValue { return attribute.String("windvane.run", run) }
