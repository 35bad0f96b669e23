package journal

import (
	"errors"
	"fmt"
	"io"
)

// Entries and what they refer to lie close together, and each read of the file
// is a question to the machine: so it is read in blocks, some of which are kept.
const (
	blockSize = 64 << 10
	maxBlocks = 24
)

// blocks reads parts of a file through the blocks that it keeps.
type blocks struct {
	r    io.ReaderAt
	kept map[uint64]*block
	tick uint64
}

type block struct {
	data []byte
	used uint64 // tick of the last use
}

func newBlocks(r io.ReaderAt) *blocks { return &blocks{r: r, kept: make(map[uint64]*block)} }

// bytes returns n bytes at offset, which are valid until the next call.
func (b *blocks) bytes(offset, n uint64) ([]byte, error) {
	first, last := offset/blockSize, (offset+n-1)/blockSize
	if n == 0 || first == last {
		data, err := b.block(first)
		if err != nil {
			return nil, err
		}
		at := offset % blockSize
		if at+n > uint64(len(data)) {
			return nil, fmt.Errorf("%d bytes at %d are behind the end: %w", n, offset, ErrCorrupt)
		}
		return data[at : at+n], nil
	}
	out := make([]byte, 0, n)
	for i := first; i <= last; i++ {
		data, err := b.block(i)
		if err != nil {
			return nil, err
		}
		from, to := uint64(0), uint64(blockSize)
		if i == first {
			from = offset % blockSize
		}
		if i == last {
			to = (offset+n-1)%blockSize + 1
		}
		if to > uint64(len(data)) {
			return nil, fmt.Errorf("%d bytes at %d are behind the end: %w", n, offset, ErrCorrupt)
		}
		out = append(out, data[from:to]...)
	}
	return out, nil
}

func (b *blocks) block(i uint64) ([]byte, error) {
	b.tick++
	if k := b.kept[i]; k != nil {
		k.used = b.tick
		return k.data, nil
	}
	var data []byte
	if len(b.kept) >= maxBlocks {
		data = b.drop()
	}
	if cap(data) < blockSize {
		data = make([]byte, blockSize)
	}
	data = data[:blockSize]
	n, err := b.r.ReadAt(data, int64(i*blockSize))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	b.kept[i] = &block{data: data[:n], used: b.tick}
	return data[:n], nil
}

// drop forgets the block that was not used for longest and returns its memory.
func (b *blocks) drop() []byte {
	oldest, found := uint64(0), (*block)(nil)
	for i, k := range b.kept {
		if found == nil || k.used < found.used {
			oldest, found = i, k
		}
	}
	delete(b.kept, oldest)
	return found.data
}
