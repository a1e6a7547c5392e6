package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Webhook is a place that hears what became of a night.
type Webhook struct {
	// Kind is json (a plain object), feishu, dingtalk or wecom.
	Kind WebhookKind `yaml:"kind" json:"kind"`
	// URL is where the address comes from. It never stands here: whoever has it can write to the group.
	URL Secret `yaml:"url" json:"url"`
	// Secret is where the key that messages are signed with comes from; wecom has none.
	Secret Secret `yaml:"secret" json:"secret"`
	// On are the outcomes that are told: published, late, failed; empty: all of them.
	On []string `yaml:"on" json:"on,omitempty"`
}

// WebhookKind is the form of messages that a webhook takes.
type WebhookKind string

// The kinds of webhooks.
const (
	WebhookJSON     WebhookKind = "json"
	WebhookFeishu   WebhookKind = "feishu"
	WebhookDingTalk WebhookKind = "dingtalk"
	WebhookWeCom    WebhookKind = "wecom"
)

// Secret says where a secret is: in an environment variable or in a file.
type Secret struct {
	// Env is the name of an environment variable.
	Env string `yaml:"env" json:"env,omitempty"`
	// File is the path of a file; white space at its ends and a byte order mark do not count.
	File string `yaml:"file" json:"file,omitempty"`
}

// Given tells whether a secret is named.
func (s Secret) Given() bool { return s != Secret{} }

// Read fetches the secret. No error repeats it.
func (s Secret) Read(env func(string) (string, bool), readFile func(string) ([]byte, error)) (string, error) {
	if s.File != "" {
		data, err := readFile(s.File)
		if err != nil {
			return "", err
		}
		if text := bare(string(data)); text != "" {
			return text, nil
		}
		return "", fmt.Errorf("%s is empty", s.File)
	}
	text, ok := env(s.Env)
	if !ok {
		return "", fmt.Errorf("the variable %s is not set", s.Env)
	}
	return bare(text), nil
}

// bare is a secret as whoever gave it has it.
func bare(text string) string { return strings.TrimSpace(strings.TrimPrefix(text, byteOrderMark)) }

func (s Secret) problems(at string) []problem {
	switch {
	case s.Env != "" && s.File != "":
		return []problem{{at, "env and file are both given"}}
	case s.Env != "" && !envName.MatchString(s.Env):
		return []problem{{at + ".env", "it is not the name of an environment variable; the secret itself never stands in the configuration"}}
	}
	return nil
}

// Outcomes are the words of on.
var outcomes = []string{"published", "late", "failed"}

func (c Config) webhookProblems() (found []problem) {
	for i, w := range c.Notify {
		at := "notify[" + strconv.Itoa(i) + "]"
		if !slices.Contains([]WebhookKind{WebhookJSON, WebhookFeishu, WebhookDingTalk, WebhookWeCom}, w.Kind) {
			found = append(found, problem{at + ".kind", fmt.Sprintf("%q is none of json, feishu, dingtalk, wecom", w.Kind)})
		}
		if !w.URL.Given() {
			found = append(found, problem{at + ".url", "it is missing; name a variable or a file, as in {env: WINDVANE_WEBHOOK_URL}"})
		}
		if w.Kind == WebhookWeCom && w.Secret.Given() {
			found = append(found, problem{at + ".secret", "wecom signs nothing: its key is a part of the URL"})
		}
		found = append(found, w.URL.problems(at+".url")...)
		found = append(found, w.Secret.problems(at+".secret")...)
		for _, o := range w.On {
			if !slices.Contains(outcomes, o) {
				found = append(found, problem{at + ".on", fmt.Sprintf("%q is none of %s", o, join(outcomes))})
			}
		}
	}
	return found
}
