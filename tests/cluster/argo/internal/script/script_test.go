package script

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	for name, want := range map[string][]string{
		"wf":                          {"wf"},
		"wf.onExit":                   {"onExit"},
		"wf[0].call(2)":               {"call"},
		"wf[0].map(1:b)(0)[1].c(2)":   {"map(1:b).c", "map(1).c", "c"},
		"wf[0].e(0:a.b (c):d)":        {"e(0:a.b (c):d)", "e(0)"},
		"wf[0].m(3:x)[0].n(4:y)[2].c": {"m(3:x).n(4:y).c", "m(3).n(4).c", "n(4:y).c", "n(4).c", "c"},
	} {
		if got := Names(name); !slices.Equal(got, want) {
			t.Errorf("%s gives %q, not %q", name, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	outcomes := map[string][]Outcome{"call": nil, "map(1)*.inner": nil, "*.inner": nil}
	for _, c := range []struct {
		want  string
		names []string
	}{
		{"call", []string{"a.inner", "call"}},
		{"map(1)*.inner", []string{"map(1:r).body.inner", "map(1).body.inner", "body.inner", "inner"}},
		{"*.inner", []string{"map(0:r).body.inner", "map(0).body.inner", "body.inner", "inner"}},
		{"", []string{"inner"}},
	} {
		if got, _ := Match(outcomes, c.names); got != c.want {
			t.Errorf("%q is %q, not %q", c.names, got, c.want)
		}
	}
}

func TestChoose(t *testing.T) {
	outcomes := []Outcome{
		{Input: []byte(`{"n": 1, "x": 1.50}`)}, {Input: []byte(`{"n": 2}`)}, {Input: []byte(`{"n": 2}`)}, {},
	}
	taken := map[int]bool{}
	for i, step := range []struct {
		input string
		want  int
	}{
		{`{"n":2}`, 1}, {`{"x":1.50,"n":1}`, 0}, {`{"n":2}`, 2}, {`{"n":2}`, 3}, {`{"n":1}`, 3},
	} {
		got := Choose(outcomes, taken, step.input)
		if got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
		taken[got] = true
	}
	if got := Choose(outcomes, map[int]bool{}, `{"x":1.5,"n":1}`); got != 0 {
		t.Errorf("an input that none has takes %d", got)
	}
	if got := Choose(outcomes, map[int]bool{0: true, 3: true}, "no JSON"); got != 1 {
		t.Errorf("an input that is not JSON takes %d", got)
	}
}
