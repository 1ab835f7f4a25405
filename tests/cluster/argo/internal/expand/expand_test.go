package expand

import "testing"

func TestText(t *testing.T) {
	values := map[string]string{"A": "a", "B": "$(A)", "": "nothing"}
	for text, want := range map[string]string{
		"":                      "",
		"plain":                 "plain",
		"$":                     "$",
		"$(A)":                  "a",
		"x$(A)$(A)y":            "xaay",
		"$(B)":                  "$(A)",
		"$(C)":                  "$(C)",
		"$()":                   "nothing",
		"$$(A)":                 "$(A)",
		"$$$(A)":                "$a",
		"$$.Execution.Id":       "$.Execution.Id",
		"$$$$":                  "$$",
		"$.a":                   "$.a",
		"$(A":                   "$(A",
		"$($(A)":                "$($(A)",
		"é$é$(A)":               "é$éa",
		"{\"p\":\"$$.x $(A)\"}": "{\"p\":\"$.x a\"}",
	} {
		if got := Text(text, values); got != want {
			t.Errorf("%q gives %q, not %q", text, got, want)
		}
	}
}
