package extract

// scratch holds the buffers that readers share from file to file.
type scratch struct {
	used bool   // by a document of the file: a plain text uses none of it
	text []byte // decoded text on its way to the sink
	// window is what readers look at together that read no documents within documents.
	window []byte
	looked bool      // window may hold text
	probe  xmlReader // of the beginning of a document in XML

	inflaters []*deflated // to be used again
	parts     []*parts
}

// look returns the window, of overlap and blockBytes.
func (s *scratch) look() []byte {
	if s.window == nil {
		s.window = make([]byte, overlap+blockBytes)
	}
	s.looked = true
	return s.window
}

// wipe clears what the last file left, and frees what it made large.
func (s *scratch) wipe() {
	const keep = 256 << 10
	if !s.used {
		return
	}
	s.used = false
	if cap(s.text) > keep {
		s.text = nil
	}
	clear(s.text[:cap(s.text)])
	s.text = s.text[:0]
	if s.looked {
		clear(s.window)
		s.looked = false
	}
}
