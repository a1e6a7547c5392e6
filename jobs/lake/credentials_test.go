package lake_test

import (
	"context"
	"strings"
	"testing"

	"github.com/windvane/windvane/jobs/lake"
)

// A URL with a credential is refused before anything is opened, and the error does not repeat it.
func TestURLsWithCredentialsAreRefused(t *testing.T) {
	const secret = "hunter2hunter2"
	for _, url := range []string{
		"s3://key:" + secret + "@bucket", "s3://bucket?secret_access_key=" + secret, "s3://bucket?accessKey=" + secret, "s3://bucket?session_token=" + secret,
		"s3://bucket?endpoint=http://key:" + secret + "@localhost:9000", "gs://bucket?credentials=" + secret, "azblob://container?sig=" + secret,
		"azblob://container?account_key=" + secret, "s3://bucket?Password=" + secret, "s3://buc%ket:" + secret,
	} {
		l, err := lake.Open(context.Background(), url, lake.Options{})
		if err == nil {
			l.Close()
			t.Errorf("%s was opened", url)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the secret is repeated: %v", err)
		}
	}
}
