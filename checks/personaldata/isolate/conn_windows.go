package isolate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// conn is the parent's ends of two pipes. A frame on them is the length of the message,
// how many files go with it, their handles as the worker knows them, and the message.
type conn struct {
	to, from *os.File
	process  windows.Handle // 0 until it runs
	frame    []byte
}

const (
	frameHead   = 4 + 2
	handleBytes = 8
)

// pair makes two pipes, and returns the ends of both sides.
func pair() (ours *conn, stdin, stdout *os.File, err error) {
	stdin, to, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make a pipe: %w", err)
	}
	from, stdout, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("make a pipe: %w", err), stdin.Close(), to.Close())
	}
	return &conn{to: to, from: from}, stdin, stdout, nil
}

// Close closes both pipes.
func (c *conn) Close() error {
	err := errors.Join(c.to.Close(), c.from.Close())
	if c.process != 0 {
		err = errors.Join(err, windows.CloseHandle(c.process))
		c.process = 0
	}
	return err
}

func (c *conn) send(msg []byte, files []File) error {
	f := binary.LittleEndian.AppendUint32(c.frame[:0], uint32(len(msg)))
	f = binary.LittleEndian.AppendUint16(f, uint16(len(files)))
	for _, file := range files {
		const rights = windows.FILE_READ_DATA | windows.FILE_READ_ATTRIBUTES | windows.SYNCHRONIZE
		var there windows.Handle
		err := windows.DuplicateHandle(windows.CurrentProcess(), file.handle, c.process, &there, rights, false, 0)
		if err != nil {
			return fmt.Errorf("hand over a file: %w", err)
		}
		f = binary.LittleEndian.AppendUint64(f, uint64(there))
	}
	f = append(f, msg...)
	c.frame = f
	_, err := c.to.Write(f)
	return err
}

func (c *conn) receive(buf []byte) ([]byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(c.from, head[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if uint64(size) > uint64(len(buf)) || binary.LittleEndian.Uint16(head[4:]) != 0 {
		return nil, errors.New("the message is none that a worker may send")
	}
	_, err := io.ReadFull(c.from, buf[:size])
	return buf[:size], err
}

// inside is the worker's ends of the pipes: its standard input and output.
type inside struct {
	from, to windows.Handle
	handles  [MaxFiles * handleBytes]byte
	frame    []byte
}

func enter() (*inside, error) {
	from, err := windows.GetStdHandle(windows.STD_INPUT_HANDLE)
	if err != nil {
		return nil, err
	}
	to, err := windows.GetStdHandle(windows.STD_OUTPUT_HANDLE)
	if err != nil {
		return nil, err
	}
	if kind, err := windows.GetFileType(from); err != nil || kind != windows.FILE_TYPE_PIPE {
		return nil, errors.New("standard input is no pipe of a parent: this command is not for users")
	}
	return &inside{from: from, to: to}, nil
}

func (in *inside) read(p []byte) error {
	for len(p) > 0 {
		var n uint32
		err := windows.ReadFile(in.from, p, &n, nil)
		if errors.Is(err, windows.ERROR_BROKEN_PIPE) || err == nil && n == 0 {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		p = p[n:]
	}
	return nil
}

func (in *inside) receive(buf []byte, files []File, wait bool) ([]byte, []File, error) {
	if !wait {
		var there uint32
		ok, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc("PeekNamedPipe").Call(
			uintptr(in.from), 0, 0, 0, uintptr(unsafe.Pointer(&there)), 0)
		if ok == 0 {
			return nil, files, fmt.Errorf("receive: %w", err)
		}
		if there < frameHead {
			return nil, files, nil
		}
	}
	var head [frameHead]byte
	if err := in.read(head[:]); err != nil {
		return nil, files, err
	}
	size, count := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint16(head[4:])
	if uint64(size) > uint64(len(buf)) || count > MaxFiles {
		return nil, files, errors.New("receive: the message is too large")
	}
	handles := in.handles[:count*handleBytes]
	if err := in.read(handles); err != nil {
		return nil, files, err
	}
	for ; len(handles) > 0; handles = handles[handleBytes:] {
		files = append(files, File{handle: windows.Handle(binary.LittleEndian.Uint64(handles))})
	}
	return buf[:size], files, in.read(buf[:size])
}

func (in *inside) send(msg []byte) error {
	f := binary.LittleEndian.AppendUint32(in.frame[:0], uint32(len(msg)))
	f = binary.LittleEndian.AppendUint16(f, 0)
	f = append(f, msg...)
	in.frame = f
	for len(f) > 0 {
		var n uint32
		if err := windows.WriteFile(in.to, f, &n, nil); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		f = f[n:]
	}
	return nil
}

// A File is an open file that is handed to a worker, or that it was handed. The zero File
// must not be used.
type File struct{ handle windows.Handle }

// ReadAt implements io.ReaderAt.
func (f File) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		o := windows.Overlapped{Offset: uint32(at), OffsetHigh: uint32(at >> 32)}
		var n uint32
		err := windows.ReadFile(f.handle, p[done:min(len(p), done+math.MaxInt32)], &n, &o)
		done += int(n)
		switch {
		case errors.Is(err, windows.ERROR_HANDLE_EOF), err == nil && n == 0:
			return done, io.EOF
		case err != nil:
			return done, err
		}
	}
	return done, nil
}

// Close closes the file.
func (f File) Close() error { return windows.CloseHandle(f.handle) }

// Sequential says that the file will be read from its beginning to its end.
func (f File) Sequential() {} // Windows notices it

// Forget says that what was read of the file need not stay in memory.
func (f File) Forget() {} // Windows takes care of it for a process in the background
