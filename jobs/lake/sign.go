package lake

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Signature of a commit record: Ed25519 (RFC 8032) over CommitRecord.Signed.
type Signature struct {
	Key   string `json:"key"`   // id of the public key, see KeyID
	Value string `json:"value"` // base64
}

// What a signature may be found to be. Each is an error of the record, not of the store.
var (
	ErrUnsigned     = errors.New("the commit is not signed")
	ErrOtherKey     = errors.New("the commit is signed with another key")
	ErrBadSignature = errors.New("the signature does not fit the commit")
)

// Signed is the text that is signed: all that leads readers to tables, one "name value" a line. The manifest's sha256 stands
// for every file it names; date and sequence keep an older commit from being passed off as a newer one.
func (r CommitRecord) Signed() []byte {
	var b strings.Builder
	b.WriteString("windvane commit 1\n")
	for _, f := range [][2]string{{"job", r.Job}, {"as_of", r.AsOf}, {"sequence", strconv.Itoa(r.Sequence)}, {"run", r.Run}, {"prefix", r.Prefix},
		{"manifest_key", r.ManifestKey}, {"manifest_sha256", r.ManifestSHA256}, {"stale", strconv.FormatBool(r.Stale)},
		{"rollback_to", strconv.Itoa(r.RollbackTo)}, {"reason", strconv.Quote(r.Reason)}} {
		b.WriteString(f[0] + " " + f[1] + "\n")
	}
	return []byte(b.String())
}

// SignCommits signs what is committed from now on; nil ends that. Not to be called while the Lake is used.
func (l *Lake) SignCommits(key ed25519.PrivateKey) { l.signer = key }

func (r CommitRecord) sign(key ed25519.PrivateKey) *Signature {
	public, _ := key.Public().(ed25519.PublicKey)
	return &Signature{Key: KeyID(public), Value: base64.StdEncoding.EncodeToString(ed25519.Sign(key, r.Signed()))}
}

// VerifySignature holds the record against a public key: ErrUnsigned, ErrOtherKey or ErrBadSignature, or nil.
func (r CommitRecord) VerifySignature(key ed25519.PublicKey) error {
	if r.Signature == nil {
		return ErrUnsigned
	}
	if r.Signature.Key != KeyID(key) {
		return fmt.Errorf("%w: %.16q, expected %s", ErrOtherKey, r.Signature.Key, KeyID(key))
	}
	value, err := base64.StdEncoding.DecodeString(r.Signature.Value)
	if err != nil || !ed25519.Verify(key, r.Signed(), value) {
		return ErrBadSignature
	}
	return nil
}

// KeyID tells public keys apart: 64 bits of the key's SHA-256.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// ParsePrivateKey reads an Ed25519 key in PKCS 8 and PEM, as openssl genpkey -algorithm ed25519 writes it.
func ParsePrivateKey(text []byte) (ed25519.PrivateKey, error) {
	return parsePEM[ed25519.PrivateKey](text, "PRIVATE KEY", "openssl genpkey -algorithm ed25519", x509.ParsePKCS8PrivateKey)
}

// ParsePublicKey reads an Ed25519 key in PKIX and PEM, as openssl pkey -pubout writes it.
func ParsePublicKey(text []byte) (ed25519.PublicKey, error) {
	return parsePEM[ed25519.PublicKey](text, "PUBLIC KEY", "openssl pkey -pubout", x509.ParsePKIXPublicKey)
}

// parsePEM reads a key; no error repeats it.
func parsePEM[K any](text []byte, kind, how string, parse func([]byte) (any, error)) (key K, err error) {
	block, _ := pem.Decode(bytes.TrimPrefix(text, []byte("\ufeff"))) // a byte order mark hides the first line
	if block == nil || block.Type != kind {
		return key, fmt.Errorf("it is no %s in PEM; %s makes one", strings.ToLower(kind), how)
	}
	any, err := parse(block.Bytes)
	if err != nil {
		return key, fmt.Errorf("the %s cannot be read; %s makes one", strings.ToLower(kind), how)
	}
	key, ok := any.(K)
	if !ok {
		return key, fmt.Errorf("the %s is not Ed25519; %s makes one", strings.ToLower(kind), how)
	}
	return key, nil
}
