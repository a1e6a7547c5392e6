package main

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/windvane/windvane/cmd/windvane/cli"
)

// flushTraces bounds how long a process waits at its end for a collector of traces.
const flushTraces = 10 * time.Second

// tracer sends traces by OTLP over HTTP where OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT names a
// collector; else there are none. Other OTEL_ variables (headers, certificates, attributes) are the library's own business.
// Spans wait in a queue of bounded size: a collector that is down costs spans, and stop at most its bound.
func (a *app) tracer(ctx context.Context, log *slog.Logger, job string) (t trace.Tracer, stop func(), err error) {
	endpoint, _ := a.lookupEnv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if general, ok := a.lookupEnv("OTEL_EXPORTER_OTLP_ENDPOINT"); ok {
		endpoint = cmp.Or(endpoint, strings.TrimSuffix(general, "/")+"/v1/traces")
	}
	if endpoint == "" {
		return nil, func() {}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint), otlptracehttp.WithTimeout(5*time.Second),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 2 * time.Second, MaxElapsedTime: flushTraces}))
	if err != nil {
		return nil, nil, cli.Usagef("traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces not sent", "error", err) }))
	about := resource.NewSchemaless(attribute.String("service.name", "windvane"), attribute.String("service.version", version()), attribute.String("windvane.job", job))
	if merged, err := resource.Merge(about, resource.Environment()); err == nil { // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
		about = merged
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return provider.Tracer("github.com/windvane/windvane"), func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushTraces)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.Warn("traces not sent", "error", err)
		}
	}, nil
}
