package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Why is what kept a proxy from connecting to the collector.
type Why string

// The reasons that a technician mends in different places.
const (
	Unreachable Why = "unreachable" // nobody answers at the proxy's address, or not in time
	NotProxy    Why = "not_proxy"   // what answers there does not speak as a proxy
	Login       Why = "login"       // it wants a user and a password
	WrongLogin  Why = "wrong_login" // it does not accept those it was given
	Unsupported Why = "unsupported" // it wants to know who asks in a way that is not spoken
	Refused     Why = "refused"     // it does not let the collector be reached
	Beyond      Why = "beyond"      // it cannot reach the collector
)

// Error says why a proxy did not connect.
type Error struct {
	Proxy  string // host:port
	Why    Why
	Detail string // in English, of the network or the proxy; never a password
}

func (e *Error) Error() string { return fmt.Sprintf("proxy %s: %s: %s", e.Proxy, e.Why, e.Detail) }

// maxAnswer bounds the head of a proxy's answer, which somebody else writes.
const maxAnswer = 32 << 10

// handshake asks a proxy for a connection to address. The connection that it returns gives
// what the far end has sent meanwhile.
func handshake(ctx context.Context, conn net.Conn, address, login string) (net.Conn, *Error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // ends what blocks below
	defer stop()
	head := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: vigia-agent\r\n"
	if login != "" {
		head += "Proxy-Authorization: Basic " + login + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		return nil, lost(ctx, err)
	}
	bounded := &io.LimitedReader{R: conn, N: maxAnswer}
	r := bufio.NewReaderSize(bounded, 4<<10)
	//nolint:bodyclose // closing would read on, into what is not HTTP
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil {
		if bounded.N > 0 && (ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)) {
			return nil, lost(ctx, err)
		}
		return nil, &Error{Why: NotProxy, Detail: "its answer is not HTTP"} // whose own words are not for a log
	}
	if resp.StatusCode/100 != 2 {
		return nil, refusal(resp, login != "")
	}
	if !stop() { // the deadline was set, or is about to be
		return nil, lost(ctx, ctx.Err())
	}
	if r.Buffered() == 0 {
		return conn, nil
	}
	begun := make([]byte, r.Buffered())
	if _, err := io.ReadFull(r, begun); err != nil {
		return nil, lost(ctx, err)
	}
	return &ahead{conn, begun}, nil
}

// lost is the error of a proxy that stopped answering.
func lost(ctx context.Context, err error) *Error {
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{Why: Unreachable, Detail: "it did not answer in time"}
	}
	return &Error{Why: Unreachable, Detail: "it hung up: " + err.Error()}
}

// refusal puts a proxy's answer in our words.
func refusal(resp *http.Response, told bool) *Error {
	e := &Error{Why: Refused, Detail: "HTTP " + fmt.Sprint(resp.StatusCode)}
	switch resp.StatusCode {
	case http.StatusProxyAuthRequired:
		basic, others := schemes(resp.Header.Values("Proxy-Authenticate"))
		switch {
		case basic && told:
			e.Why = WrongLogin
		case basic:
			e.Why = Login
		default:
			e.Why = Unsupported
			if others != "" {
				e.Detail += ", " + others
			}
		}
	case http.StatusUnauthorized: // so tinyproxy names a password that is wrong
		e.Why = Login
		if told {
			e.Why = WrongLogin
		}
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInternalServerError:
		e.Why = Beyond
	case http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented:
		e.Why = NotProxy // a web server
	}
	return e
}

// schemes reads the names of what a proxy accepts (RFC 9110 11.7.1); those that are known
// are named.
func schemes(headers []string) (basic bool, others string) {
	var named []string
	for _, header := range headers {
		for challenge := range strings.SplitSeq(header, ",") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(challenge), " ")
			switch strings.ToLower(scheme) {
			case "basic":
				basic = true
			case "ntlm", "negotiate", "kerberos", "digest", "bearer":
				named = append(named, scheme)
			}
		}
	}
	return basic, strings.Join(named, ", ")
}

// ahead is a connection of which something was read already.
type ahead struct {
	net.Conn
	begun []byte
}

func (a *ahead) Read(b []byte) (int, error) {
	if len(a.begun) == 0 {
		return a.Conn.Read(b)
	}
	n := copy(b, a.begun)
	a.begun = a.begun[n:]
	return n, nil
}
