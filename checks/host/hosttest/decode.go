package hosttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decodeStrict decodes and checks recording.json, refusing unknown fields and
// repeated keys. Its errors begin with the line.
func decodeStrict(data []byte, doc *document) error {
	keys, err := scanKeys(data)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(doc); err != nil {
		offset := int64(0)
		if typeErr, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			offset = typeErr.Offset
		} else if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
			offset = keys[strings.Trim(name, `"`)]
		}
		return atLine(data, offset, err)
	}
	if err := doc.check(); err != nil {
		offset := int64(0)
		if at, ok := errors.AsType[*keyError](err); ok {
			offset = keys[at.key]
		}
		return atLine(data, offset, err)
	}
	return nil
}

// scanKeys checks the syntax of data and that no object has a key twice; it
// returns where each name is first a key.
func scanKeys(data []byte) (map[string]int64, error) {
	first := make(map[string]int64)
	dec := json.NewDecoder(bytes.NewReader(data))
	type level struct {
		keys  map[string]bool // nil in an array
		value bool            // the next token is the value of a key
	}
	var stack []level
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && len(stack) == 0 {
			return nil, atLine(data, 0, errors.New("empty"))
		}
		if err != nil {
			return nil, atLine(data, dec.InputOffset(), err)
		}
		top := len(stack) - 1
		name, isString := tok.(string)
		switch {
		case tok == json.Delim('{'):
			stack = append(stack, level{keys: map[string]bool{}})
		case tok == json.Delim('['):
			stack = append(stack, level{})
		case tok == json.Delim('}') || tok == json.Delim(']'):
			stack = stack[:top]
		case isString && top >= 0 && stack[top].keys != nil && !stack[top].value:
			if stack[top].keys[name] {
				return nil, atLine(data, dec.InputOffset(), fmt.Errorf("%q appears twice", name))
			}
			stack[top].keys[name] = true
			if _, ok := first[name]; !ok {
				first[name] = dec.InputOffset()
			}
			stack[top].value = true
			continue
		}
		if tok == json.Delim('{') || tok == json.Delim('[') {
			continue
		}
		if len(stack) == 0 {
			break
		}
		stack[len(stack)-1].value = false
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, atLine(data, dec.InputOffset(), errors.New("more than one JSON value"))
	}
	return first, nil
}

// atLine puts the line before err; offset 0 means that it is not known.
func atLine(data []byte, offset int64, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	if offset <= 0 {
		return fmt.Errorf("1: %w", err)
	}
	line := 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
	return fmt.Errorf("%d: %w", line, err)
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
