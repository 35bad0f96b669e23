package isolate

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// conn is the parent's end of the socket pair. One packet is one message, and the kernel
// passes the files.
type conn struct {
	*net.UnixConn
	fds []int
}

// pair makes both ends.
func pair() (ours *conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket pair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "worker")
	mine := os.NewFile(uintptr(fds[0]), "parent")
	defer func() { _ = mine.Close() }() // copied
	c, err := net.FileConn(mine)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("use a socket pair: %w", err), theirs.Close())
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, nil, errors.Join(errors.New("use a socket pair: it is none"), c.Close(), theirs.Close())
	}
	return &conn{UnixConn: u}, theirs, nil
}

func (c *conn) send(msg []byte, files []File) error {
	var rights []byte
	if len(files) > 0 {
		c.fds = c.fds[:0]
		for _, f := range files {
			c.fds = append(c.fds, f.fd)
		}
		rights = unix.UnixRights(c.fds...)
	}
	_, _, err := c.WriteMsgUnix(msg, rights, nil)
	return err
}

func (c *conn) receive(buf []byte) ([]byte, error) {
	// A worker hands over no files: without room for them the kernel drops them.
	n, _, flags, _, err := c.ReadMsgUnix(buf, nil)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, io.EOF
	case flags&unix.MSG_TRUNC != 0:
		return nil, errors.New("the message is too large")
	}
	return buf[:n], nil
}

// workerEnd is the descriptor of the worker's end: its standard input.
const workerEnd = 0

// inside is the worker's end. It works on the descriptor itself: a worker does nothing
// else while it waits, so that a poller would only cost.
type inside struct {
	oob [4 * (MaxFiles + 4) * 2]byte
}

func enter() (*inside, error) {
	if kind, err := unix.GetsockoptInt(workerEnd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_SEQPACKET {
		return nil, errors.New("standard input is no socket of a parent: this command is not for users")
	}
	return &inside{}, nil
}

func (in *inside) receive(buf []byte, files []File, wait bool) ([]byte, []File, error) {
	flags := unix.MSG_CMSG_CLOEXEC
	if !wait {
		flags |= unix.MSG_DONTWAIT
	}
	var n, oobn, got int
	var err error
	for {
		n, oobn, got, _, err = syscall.Recvmsg(workerEnd, buf, in.oob[:], flags)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if !wait && errors.Is(err, syscall.EAGAIN) {
		return nil, files, nil
	}
	if err != nil {
		return nil, files, fmt.Errorf("receive: %w", err)
	}
	if n == 0 {
		return nil, files, io.EOF
	}
	if oobn > 0 {
		messages, err := syscall.ParseSocketControlMessage(in.oob[:oobn])
		if err != nil {
			return nil, files, fmt.Errorf("receive files: %w", err)
		}
		for i := range messages {
			fds, err := syscall.ParseUnixRights(&messages[i])
			if err != nil {
				return nil, files, fmt.Errorf("receive files: %w", err)
			}
			for _, fd := range fds {
				files = append(files, File{fd: fd})
			}
		}
	}
	if got&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		return nil, files, errors.New("receive: not all of a message arrived")
	}
	return buf[:n], files, nil
}

func (in *inside) send(msg []byte) error {
	for {
		n, err := syscall.Write(workerEnd, msg)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return fmt.Errorf("send: %w", err)
		case n != len(msg):
			return fmt.Errorf("send: %w", io.ErrShortWrite)
		default:
			return nil
		}
	}
}

// A File is an open file that is handed to a worker, or that it was handed. The zero File
// must not be used.
type File struct{ fd int }

// ReadAt implements io.ReaderAt.
func (f File) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := syscall.Pread(f.fd, p[done:], off+int64(done))
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return done, err
		case n == 0:
			return done, io.EOF
		default:
			done += n
		}
	}
	return done, nil
}

// Close closes the file.
func (f File) Close() error { return syscall.Close(f.fd) }

// Sequential says that the file will be read from its beginning to its end.
func (f File) Sequential() { _ = unix.Fadvise(f.fd, 0, 0, unix.FADV_SEQUENTIAL) } // only advice

// Forget says that what was read of the file need not stay in memory.
func (f File) Forget() { _ = unix.Fadvise(f.fd, 0, 0, unix.FADV_DONTNEED) } // only advice
