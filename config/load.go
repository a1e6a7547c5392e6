package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
)

// Overrides are what goes before the file: flags before the environment before the file before defaults.
// Empty strings and nil say nothing.
type Overrides struct {
	Env       func(name string) (value string, ok bool) // the environment; nil: none
	InputURL  string                                    // of a flag
	OutputURL string
	Job       string
	Workers   *int
}

// maxFile bounds a file of configuration or rules.
const maxFile = 1 << 20

// LoadFile is Load of a file.
func LoadFile(path string, over Overrides) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	c, err := Load(f, over)
	if err != nil {
		return Config{}, err
	}
	c.Rules.Folder = filepath.Dir(path)
	return c, nil
}

// Load reads a YAML document over the defaults, applies what overrides it, and validates the result. The
// error joins all problems.
func Load(r io.Reader, over Overrides) (Config, error) {
	data, err := readAll(r)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	c := Default()
	d := decoder{places: map[string]place{}}
	d.document(data, reflect.ValueOf(&c).Elem())
	c.apply(over)
	for _, p := range c.problems() {
		d.problems = append(d.problems, d.located(p))
	}
	if err := joined(d.problems); err != nil {
		return Config{}, err
	}
	return c, nil
}

// readAll reads a text of bounded size, without a byte order mark: the parser takes it for a part of the first key.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
	case len(data) > maxFile:
		err = fmt.Errorf("the file has more than %d bytes", maxFile)
	case inUTF16(data):
		err = errUTF16
	}
	return bytes.TrimPrefix(data, []byte(byteOrderMark)), err
}

// byteOrderMark is what editors and spreadsheets may put before text in UTF-8. It is no white space.
const byteOrderMark = "\ufeff"

var errUTF16 = errors.New("the text is UTF-16; save it as UTF-8")

// inUTF16 tells text in UTF-16 by its mark, which is no UTF-8.
func inUTF16(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
}

// With is the configuration with what overrides it, validated.
func (c Config) With(over Overrides) (Config, error) {
	c.apply(over)
	return c, c.Validate()
}

func (c *Config) apply(over Overrides) {
	env := func(name string) string {
		if over.Env == nil {
			return ""
		}
		value, _ := over.Env(name)
		return value
	}
	first := func(target *string, values ...string) {
		for _, v := range values {
			if v != "" {
				*target = v
				return
			}
		}
	}
	first(&c.Input.URL, over.InputURL, env(EnvInputURL))
	first(&c.Output.URL, over.OutputURL, env(EnvOutputURL))
	first(&c.Job, over.Job)
	if over.Workers != nil {
		c.Workers = *over.Workers
	}
}
