package mapping_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/mapping"
)

// However settings are printed, the key is not among them: neither as bytes nor as base-16 or decimals.
func TestTheBuyerKeyDoesNotPrint(t *testing.T) {
	var key mapping.BuyerKey
	copy(key[:], "sixteen bytes, x")
	env := mapping.Env{BuyerKey: key}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("settings", "key", key, "env", env)
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "key", key, "env", env, "pointer", &env)
	data, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	text := log.String() + string(data) + fmt.Sprint(key, env, &env) + fmt.Sprintf("%v %+v %#v %s %q %x %X %d", key, env, env, key, key, key, key, key)
	for _, form := range []string{"sixteen", fmt.Sprintf("%x", key[:7]), fmt.Sprintf("%X", key[:7]), "115 105 120", "0x73, 0x69", "115,105,120"} {
		if strings.Contains(text, form) {
			t.Errorf("%q is printed: %s", form, text)
		}
	}
	if strings.Count(text, "[redacted]") < 10 {
		t.Errorf("the key was not asked for: %s", text)
	}
}
