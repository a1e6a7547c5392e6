package lake_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs/lake"
)

// asCommitter makes the test binary a process that commits to the bucket it names.
const asCommitter = "WINDVANE_TEST_COMMIT_TO"

func TestMain(m *testing.M) {
	if url := os.Getenv(asCommitter); url != "" {
		if err := commitOnCall(url, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// commitOnCall reads as-of dates, commits each and answers whether it won.
func commitOnCall(url string, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	l, err := lake.Open(ctx, url, lake.Options{Create: true})
	if err != nil {
		return err
	}
	defer l.Close()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		rec := record(fmt.Sprint(os.Getpid()))
		rec.AsOf = lines.Text()
		answer := "won"
		if err := l.Commit(ctx, rec, 1); errors.Is(err, lake.ErrLostRace) {
			answer = "lost"
		} else if err != nil {
			return err
		}
		fmt.Fprintln(out, answer)
	}
	return nil
}

// committer is such a process.
type committer struct {
	in  io.Writer
	out *bufio.Reader
}

func startCommitter(t *testing.T, url string, env []string) committer {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(append(os.Environ(), env...), asCommitter+"="+url)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	})
	return committer{in, bufio.NewReader(out)}
}

// TestOfManyProcessesOneCommits lets eight processes commit the same night at once, a hundred nights one after another.
func TestOfManyProcessesOneCommits(t *testing.T) {
	const processes, rounds = 8, 100
	locations := map[string]func(t *testing.T) (url string, env []string){
		"file": func(t *testing.T) (string, []string) { return "file://" + t.TempDir() + "/bucket", nil },
	}
	for name, start := range realStores {
		locations[name] = func(t *testing.T) (string, []string) {
			server := start(t)
			server.Setenv(t)
			return server.URL(t, "bucket"), server.Env
		}
	}
	for name, location := range locations {
		t.Run(name, func(t *testing.T) {
			url, env := location(t)
			var all []committer
			for range processes {
				all = append(all, startCommitter(t, url, env))
			}
			wins := map[int]int{}
			for round := range rounds {
				asOf := time.Date(2026, 1, 1+round, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
				for _, c := range all {
					fmt.Fprintln(c.in, asOf)
				}
				won := 0
				for i, c := range all {
					answer, err := c.out.ReadString('\n')
					if err != nil {
						t.Fatalf("%s: process %d: %v", asOf, i, err)
					}
					if strings.TrimSpace(answer) == "won" {
						won++
						wins[i]++
					}
				}
				if won != 1 {
					t.Errorf("%s: %d processes say they committed", asOf, won)
				}
			}
			checkRounds(t, open(t, url), rounds)
			t.Logf("%d rounds; wins of the processes: %v", rounds, wins)
		})
	}
}

// checkRounds counts the commits that are there.
func checkRounds(t *testing.T, l *lake.Lake, rounds int) {
	t.Helper()
	objects, err := l.List(context.Background(), "published/nightly/")
	if err != nil {
		t.Fatal(err)
	}
	commits := 0
	for _, o := range objects {
		if strings.Contains(o.Key, "/commits/") {
			commits++
		}
	}
	if commits != rounds {
		t.Errorf("%d commits after %d rounds", commits, rounds)
	}
}
