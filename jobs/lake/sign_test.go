package lake_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windvane/windvane/jobs/lake"
)

// signFile is a file of testdata/sign, which openssl made: see its README.
func signFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "sign", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func signingKeys(t *testing.T) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	private, err := lake.ParsePrivateKey(signFile(t, "private.pem"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := lake.ParsePublicKey(signFile(t, "public.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

func TestKeysMayBeginWithAByteOrderMark(t *testing.T) {
	private, public := signingKeys(t)
	marked := func(name string) []byte { return append([]byte("\ufeff"), signFile(t, name)...) }
	if key, err := lake.ParsePrivateKey(marked("private.pem")); err != nil || !key.Equal(private) {
		t.Errorf("private key: %v", err)
	}
	if key, err := lake.ParsePublicKey(marked("public.pem")); err != nil || !key.Equal(public) {
		t.Errorf("public key: %v", err)
	}
}

// openssl signs the same text with the same key: Ed25519 is deterministic, so the signatures are equal.
func TestSignaturesAreThoseOfOpenSSL(t *testing.T) {
	private, public := signingKeys(t)
	rec := record("a")
	rec.Sequence = 2
	if got, want := string(rec.Signed()), string(signFile(t, "commit.txt")); got != want {
		t.Fatalf("what is signed: %s, want %s", got, want)
	}
	if !ed25519.Verify(public, rec.Signed(), signFile(t, "commit.sig")) || string(ed25519.Sign(private, rec.Signed())) != string(signFile(t, "commit.sig")) {
		t.Error("the signature of openssl is another one")
	}
}

func TestSignedCommits(t *testing.T) {
	ctx := context.Background()
	private, public := signingKeys(t)
	l, err := lake.Open(ctx, t.TempDir(), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	commit := func(run string, sequence int) lake.CommitRecord {
		t.Helper()
		if err := l.Commit(ctx, record(run), sequence); err != nil {
			t.Fatal(err)
		}
		rec, _, err := l.Newest(ctx, "nightly", "2026-01-31")
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	if err := commit("a", 1).VerifySignature(public); !errors.Is(err, lake.ErrUnsigned) {
		t.Errorf("without a key: %v", err)
	}
	l.SignCommits(private)
	rec := commit("b", 2)
	if err := rec.VerifySignature(public); err != nil {
		t.Error(err)
	}
	l.SignCommits(nil)
	if err := l.Commit(ctx, rec, 3); err != nil {
		t.Fatal(err)
	}
	if again, _, err := l.Newest(ctx, "nightly", "2026-01-31"); err != nil || !errors.Is(again.VerifySignature(public), lake.ErrUnsigned) {
		t.Errorf("a copy of a signed record, committed without a key: %v, %v", again.VerifySignature(public), err)
	}
	l.SignCommits(private)
	rec.Reason = "\xd6\xd8 twice" // GBK
	if err := l.Commit(ctx, rec, 4); err != nil {
		t.Fatal(err)
	}
	if again, _, err := l.Newest(ctx, "nightly", "2026-01-31"); err != nil || again.VerifySignature(public) != nil || again.Reason != "\ufffd twice" {
		t.Errorf("a reason that JSON cannot hold: %v, %q, %v", again.VerifySignature(public), again.Reason, err)
	}
	rec.Reason = ""
	other, _, _ := ed25519.GenerateKey(nil)
	if err := rec.VerifySignature(other); !errors.Is(err, lake.ErrOtherKey) || !strings.Contains(err.Error(), lake.KeyID(other)) {
		t.Errorf("with another key: %v", err)
	}
	for name, change := range map[string]func(*lake.CommitRecord){
		"job": func(r *lake.CommitRecord) { r.Job = "weekly" }, "as_of": func(r *lake.CommitRecord) { r.AsOf = "2026-02-01" }, "sequence": func(r *lake.CommitRecord) { r.Sequence = 3 },
		"run": func(r *lake.CommitRecord) { r.Run = "c" }, "prefix": func(r *lake.CommitRecord) { r.Prefix += "x" }, "manifest_key": func(r *lake.CommitRecord) { r.ManifestKey += "x" },
		"manifest_sha256": func(r *lake.CommitRecord) { r.ManifestSHA256 = strings.Repeat("cd", 32) }, "stale": func(r *lake.CommitRecord) { r.Stale = true },
		"rollback_to": func(r *lake.CommitRecord) { r.RollbackTo = 1 }, "reason": func(r *lake.CommitRecord) { r.Reason = "x\nstale true" },
		"signature": func(r *lake.CommitRecord) {
			r.Signature = &lake.Signature{Key: r.Signature.Key, Value: "A" + r.Signature.Value[1:]}
		},
		"no base64": func(r *lake.CommitRecord) { r.Signature = &lake.Signature{Key: r.Signature.Key, Value: "%"} },
	} {
		changed := rec
		if change(&changed); !errors.Is(changed.VerifySignature(public), lake.ErrBadSignature) {
			t.Errorf("%s was changed: %v", name, changed.VerifySignature(public))
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "no PEM": "secret text", "the public key": string(signFile(t, "public.pem")),
		"RSA": string(signFile(t, "rsa.pem")), "broken": strings.Replace(string(signFile(t, "private.pem")), "MC4C", "MMMM", 1)} {
		_, err := lake.ParsePrivateKey([]byte(text))
		if err == nil || !strings.Contains(err.Error(), "openssl genpkey -algorithm ed25519") || strings.Contains(err.Error(), "secret text") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
