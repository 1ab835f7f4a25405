// Package expand does what a kubelet does to the arguments and environment values of a container before it starts.
package expand

import "strings"

// Text replaces $(NAME) by the value of a variable that there is; $$ stands for one dollar, wherever it is.
// The Kubernetes API reference on Container (args, env) has the rule, with the words "double $$ are reduced to a single $".
func Text(text string, values map[string]string) string {
	var out strings.Builder
	for {
		at := strings.IndexByte(text, '$')
		if at < 0 || at+1 == len(text) {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:at])
		text = text[at:]
		end := strings.IndexByte(text, ')')
		switch {
		case text[1] == '$':
			out.WriteByte('$')
			text = text[2:]
		case text[1] == '(' && end > 0:
			if value, ok := values[text[2:end]]; ok {
				out.WriteString(value)
			} else {
				out.WriteString(text[:end+1])
			}
			text = text[end+1:]
		default:
			out.WriteString(text[:2])
			text = text[2:]
		}
	}
}
