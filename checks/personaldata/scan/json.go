package scan

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"vigia/checks/personaldata/detect"
)

// AppendJSON appends the result as one line of `vigia-agent scan --format json`, without
// the line's end. Collections are empty and not null. A scan writes a million of them in
// seconds, so it does not look its fields up at run time.
func (r FileResult) AppendJSON(b []byte) []byte {
	b = appendString(append(b, `{"path":`...), r.Path)
	b = appendString(append(b, `,"status":`...), string(r.Status))
	b = appendString(append(b, `,"reason":`...), string(r.Reason))
	b = strconv.AppendInt(append(b, `,"bytes":`...), r.Bytes, 10)
	b = appendString(append(b, `,"format":`...), r.Format)
	b = appendCounts(append(b, `,"counts":`...), r.Counts)
	b = appendCounts(append(b, `,"distinct":`...), r.Distinct)
	b = append(b, `,"categories":[`...)
	for i, c := range r.Categories {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, c)
	}
	b = appendString(append(b, `],"level":`...), string(r.Level))
	return append(b, '}')
}

// MarshalJSON is AppendJSON.
func (r FileResult) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

func appendCounts(b []byte, counts map[detect.Type]int) []byte {
	b = append(b, '{')
	if len(counts) > 0 {
		for i, t := range slices.Sorted(maps.Keys(counts)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, string(t)), ':')
			b = strconv.AppendInt(b, int64(counts[t]), 10)
		}
	}
	return append(b, '}')
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // it does not fail for strings
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
