package daytest

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// proxy passes connections on to the collector, and counts their bytes.
type proxy struct {
	addr string

	mu    sync.Mutex
	all   []*call
	since time.Time
}

// call is one connection.
type call struct {
	began    time.Time
	up, down int // bytes, handshake and all
	packets  int // both ways, those without data too
}

// Of a packet on Ethernet: what it carries, and the headers of IP and of TCP with the
// timestamp option.
const (
	segment     = 1448
	headerBytes = 20 + 32
)

// headers are those of the packets that the kernel counted, and of as many more as
// Ethernet would have made of the long ones of the loopback.
func (c *call) headers() int { return (c.packets + c.up/segment + c.down/segment) * headerBytes }

// packets counts those of a connection, in both directions.
func packets(conn net.Conn) int {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	_ = raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n = int(info.Segs_in + info.Segs_out)
		}
	})
	return n
}

func listen(t *testing.T, collector string) *proxy {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: lis.Addr().String()}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.pass(conn, collector) })
		}
	})
	t.Cleanup(func() {
		_ = lis.Close()
		open.Wait()
	})
	return p
}

func (p *proxy) pass(from net.Conn, collector string) {
	defer func() { _ = from.Close() }()
	to, err := net.Dial("tcp", collector)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	c := &call{began: time.Now()}
	p.mu.Lock()
	p.all = append(p.all, c)
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.copy(to, from, c, &c.up) })
	both.Go(func() { p.copy(from, to, c, &c.down) })
	both.Wait()
	p.mu.Lock()
	c.packets = packets(from)
	p.mu.Unlock()
}

func (p *proxy) copy(to, from net.Conn, c *call, count *int) {
	defer func() {
		if half, ok := to.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		*count += n
		p.mu.Unlock()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// reset forgets the connections until now.
func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all, p.since = nil, time.Now()
}

// calls are the connections since the last reset.
func (p *proxy) calls() []*call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*call
	for _, c := range p.all {
		copied := *c
		out = append(out, &copied)
	}
	return out
}

// usage is what a process takes.
type usage struct {
	cpu            time.Duration
	resident, most int64 // bytes
}

// process asks the kernel for the usage of a process.
func process(t *testing.T, pid int) (u usage) {
	t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "VmRSS":
			u.resident = kib << 10
		case "VmHWM":
			u.most = kib << 10
		}
	}
	tasks, err := filepath.Glob(filepath.Join(dir, "task", "*", "schedstat"))
	if err != nil || len(tasks) == 0 {
		t.Fatalf("threads of the agent: %v, %v", tasks, err)
	}
	for _, task := range tasks { // nanoseconds, where stat has hundredths
		b, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		ran, _, _ := strings.Cut(string(b), " ")
		ns, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		u.cpu += time.Duration(ns)
	}
	return u
}
