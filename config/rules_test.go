package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// defaultRules is the one version of the built-in rules.
func defaultRules(t *testing.T) rules.Rules {
	t.Helper()
	set, err := config.LoadRules(bytes.NewReader(config.CommentedRules))
	if err != nil {
		t.Fatal(err)
	}
	if len(set) != 1 {
		t.Fatalf("%d versions", len(set))
	}
	return set[0]
}

func TestTheBuiltInRulesHoldForAnyHistory(t *testing.T) {
	set := config.DefaultRules()
	if got := set.On(calendar.Of(2016, 1, 1)); got == nil || got.Version != "2026-11" {
		t.Errorf("on 2016-01-01: %v", got)
	}
}

// Every indicator that windvane computes is used, once.
func TestTheBuiltInRulesAreComplete(t *testing.T) {
	r := defaultRules(t)
	for _, c := range []struct {
		score rules.Score
		known []rules.Known
	}{{r.Product, rules.ProductIndicators}, {r.Shop, rules.ShopIndicators}, {r.Talent, rules.TalentIndicators}} {
		var want, got []string
		for _, k := range c.known {
			want = append(want, k.ID)
		}
		all, _ := c.score.Indicators()
		for _, i := range all {
			got = append(got, i.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("indicators (-computed +used):\n%s", diff)
		}
	}
}

// golden testdata/rules.txt is the built-in rules as a table to compare with the definitions.
func TestTheBuiltInRulesAreThoseOfTheDefinitions(t *testing.T) {
	golden(t, "testdata/rules.txt", []byte(tabulated(defaultRules(t))))
}

func TestRulesRoundTrip(t *testing.T) {
	set := config.DefaultRules()
	data, err := yaml.Marshal(map[string]rules.Set{"versions": set})
	if err != nil {
		t.Fatal(err)
	}
	back, err := config.LoadRules(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	if diff := cmp.Diff(set, back); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if set[0].Digest() != back[0].Digest() {
		t.Error("the digest changes")
	}
}

func TestTheDigestOfRulesIgnoresCommentsAndKnowsValues(t *testing.T) {
	text := string(config.CommentedRules)
	digest := func(text string) string {
		set, err := config.LoadRules(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return set[0].Digest()
	}
	base := digest(text)
	if digest("# a comment\n"+strings.ReplaceAll(text, "# ours", "#")) != base {
		t.Error("comments change it")
	}
	if digest(strings.Replace(text, "half_life_days: 30", "half_life_days: 31", 1)) == base {
		t.Error("a value does not change it")
	}
}

// Every testdata/rules/*.yaml is wrong; the messages stand in the .txt beside it.
func TestRulesErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			set, err := config.LoadRulesFile(file)
			if err == nil || set != nil {
				t.Fatal("it loads")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", []byte(err.Error()+"\n"))
		})
	}
}

func TestRulesFileOfTheConfiguration(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	own := write("own.yaml", edited(t, string(config.CommentedRules), `version: "2026-11"`, "version: own"))
	for _, c := range []struct{ name, text, version string }{
		{"nothing said", "", "2026-11"},
		{"empty", "rules: {file: ''}", "2026-11"},
		{"beside the configuration", "rules: {file: own.yaml}", "own"},
		{"absolute", "rules: {file: " + own + "}", "own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := config.LoadFile(write("windvane.yaml", c.text), config.Overrides{})
			if err != nil {
				t.Fatal(err)
			}
			set, err := loaded.Rules.Load()
			if err != nil {
				t.Fatal(err)
			}
			if set[0].Version != c.version {
				t.Errorf("version %s", set[0].Version)
			}
			if again := mustLoad(t, c.text); again.Digest() != loaded.Digest() {
				t.Error("the folder is in the digest")
			}
		})
	}
	if _, err := (config.Rules{File: "none.yaml", Folder: folder}).Load(); err == nil || !strings.HasPrefix(err.Error(), "rules: open ") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func FuzzRules(f *testing.F) {
	f.Add(config.CommentedRules)
	files, _ := filepath.Glob("testdata/rules/*.yaml")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := config.LoadRules(bytes.NewReader(data))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "rules: ") || set != nil {
				t.Fatalf("%d versions, and the message begins otherwise: %v", len(set), err)
			}
			return
		}
		if err := set.Validate(); err != nil {
			t.Fatalf("it loads but is not valid: %v", err)
		}
		_ = set[0].Digest() // NaN and infinity would not encode
	})
}

// versions is a file of the small version with other names and days.
func versions(t *testing.T, namesAndDays ...string) string {
	t.Helper()
	text := "versions:\n"
	for i := 0; i < len(namesAndDays); i += 2 {
		one := edited(t, smallRules(t), "version: a", "version: "+namesAndDays[i], "2026-01-01", namesAndDays[i+1])
		text += strings.TrimPrefix(one, "versions:\n")
	}
	return text
}

func TestAFileOfSeveralVersions(t *testing.T) {
	set, err := config.LoadRules(strings.NewReader(versions(t, "a", "2026-01-01", "b", "2026-02-01")))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[calendar.Day]string{
		calendar.Of(2026, 1, 1): "a", calendar.Of(2026, 1, 31): "a", calendar.Of(2026, 2, 1): "b", calendar.Of(2030, 1, 1): "b",
	} {
		if got := set.On(day); got == nil || got.Version != want {
			t.Errorf("on %s: %v, want %s", day, got, want)
		}
	}
	_, err = config.LoadRules(strings.NewReader(versions(t, "a", "2026-01-01", "a", "2026-01-01")))
	want := "rules: versions[1].effective_from: 2026-01-01 is not after 2026-01-01 of the version before (line 80, column 21)\n" +
		`rules: versions[1].version: "a" stands here twice (line 79, column 14)`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
