package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Names of environment variables, for the lookup in Overrides and for ReadBuyerKey.
const (
	EnvInputURL  = "WINDVANE_INPUT_URL"
	EnvOutputURL = "WINDVANE_OUTPUT_URL"
	EnvBuyerKey  = "WINDVANE_BUYER_KEY"
)

// BuyerKey says where the secret is: in an environment variable or in a file, WINDVANE_BUYER_KEY if neither is said.
type BuyerKey struct {
	// Env is the name of an environment variable.
	Env string `yaml:"env" json:"env,omitempty"`
	// File is the path of a file; white space at its ends does not count.
	File string `yaml:"file" json:"file,omitempty"`
	// Replaces is the id of the key that this one replaced, as the run that met it named it: days whose dumps are gone, and
	// which that key alone could hash, keep their sums and give up their buyers.
	Replaces string `yaml:"replaces" json:"replaces,omitempty"`
}

// Forgotten says where the ids of the buyers are who asked to be forgotten.
type Forgotten struct {
	// File is the path of a file with one id of a buyer on each line, in UTF-8, as the dumps have it. It only grows.
	File string `yaml:"file" json:"file,omitempty"`
}

// maxForgotten bounds the file of forgotten buyers.
const maxForgotten = 64 << 20

// Read gives the ids, nil if no file is named. No error repeats one.
func (f Forgotten) Read(readFile func(string) ([]byte, error)) ([]string, error) {
	if f.File == "" {
		return nil, nil
	}
	data, err := readFile(f.File)
	if err != nil {
		return nil, fmt.Errorf("config: forgotten.file: %w", err)
	}
	if len(data) > maxForgotten {
		return nil, problem{"forgotten.file", fmt.Sprintf("it has more than %d bytes", maxForgotten)}
	}
	if inUTF16(data) {
		return nil, problem{"forgotten.file", errUTF16.Error()}
	}
	var ids []string
	for line := range strings.Lines(string(data)) {
		// A mark begins the file, or a later line of files put together; an id of no dump would be forgotten with it.
		if id := strings.TrimSpace(strings.TrimPrefix(line, byteOrderMark)); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

var keyID = regexp.MustCompile(`^[0-9a-f]{16}$`)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (k BuyerKey) problems() []problem {
	switch {
	case k.Env != "" && k.File != "":
		return []problem{{"buyer_key", "env and file are both given"}}
	case k.Env != "" && !envName.MatchString(k.Env):
		return []problem{{"buyer_key.env", "it is not the name of an environment variable; the key itself never stands in the configuration"}}
	}
	if k.Replaces != "" && !keyID.MatchString(k.Replaces) {
		return []problem{{"buyer_key.replaces", "it is not the id of a key: 16 hexadecimal digits, as the run names them; never the key itself"}}
	}
	return nil
}

// ErrBuiltInKey is a warning: no secret was given, so anyone with windvane can compute the hash of a buyer's id.
var ErrBuiltInKey = errors.New("no buyer key: the built-in key is used, set " + EnvBuyerKey + " to a secret of your own")

// builtIn is the key of deployments without a secret.
const builtIn = "windvane built-in buyer key, not a secret"

// minKey is the shortest secret that is accepted.
const minKey = 16

// Read fetches the secret: 32 hexadecimal digits are the key itself, any other text of 16 bytes or more is
// hashed to it. Where nothing was configured and WINDVANE_BUYER_KEY is not set, it returns the built-in key
// and ErrBuiltInKey, which is a warning; other errors leave no key. No error repeats the secret.
func (k BuyerKey) Read(env func(string) (string, bool), readFile func(string) ([]byte, error)) ([16]byte, error) {
	if k.File != "" {
		data, err := readFile(k.File)
		if err != nil {
			return [16]byte{}, fmt.Errorf("config: buyer_key.file: %w", err)
		}
		return parseKey("buyer_key.file", string(data))
	}
	name := k.Env
	if name == "" {
		name = EnvBuyerKey
	}
	text, ok := env(name)
	switch {
	case !ok && k.Env == "":
		return hashKey(builtIn), ErrBuiltInKey
	case !ok:
		return [16]byte{}, problem{"buyer_key.env", "the variable " + name + " is not set"}
	}
	return parseKey("buyer_key: variable "+name, text)
}

// parseKey reads a secret. A byte order mark is refused and not taken away: with it, hexadecimal digits would be hashed to
// another key, and without it, nights that were made so would have another one.
func parseKey(at, text string) (key [16]byte, err error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, byteOrderMark) || inUTF16([]byte(text)) {
		return key, problem{at, "it begins with a byte order mark, which would make it another key; save it as UTF-8 without one"}
	}
	if len(text) < minKey {
		return key, problem{at, fmt.Sprintf("the key has %d bytes, at least %d are needed", len(text), minKey)}
	}
	if n, err := hex.Decode(key[:], []byte(text[:min(len(text), 32)])); err == nil && n == 16 && len(text) == 32 {
		return key, nil
	}
	return hashKey(text), nil
}

// hashKey is the first half of the text's SHA-256.
func hashKey(text string) (key [16]byte) {
	sum := sha256.Sum256([]byte(text))
	copy(key[:], sum[:])
	return key
}
