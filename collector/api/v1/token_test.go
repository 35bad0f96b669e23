package apiv1

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
)

func exampleToken() Token {
	return NewToken(&x509.Certificate{RawSubjectPublicKeyInfo: []byte("an invented key")})
}

func TestTokenReadsAsTyped(t *testing.T) {
	want := exampleToken()
	text := want.String()
	for name, typed := range map[string]string{
		"as written":       text,
		"upper case":       strings.ToUpper(text),
		"white space":      "  " + text[:20] + " \r\n " + text[20:] + "\n",
		"one group a line": strings.Join([]string{text[:30], text[30:60], text[60:]}, "\n"),
	} {
		if got, err := ParseToken(typed); err != nil || got != want {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// Every single mistyped, lost or doubled character is noticed before anything
// is sent.
func TestTokenTypos(t *testing.T) {
	text := exampleToken().String()
	for i := range text {
		other := byte('a')
		if text[i] == 'a' {
			other = 'b'
		}
		for name, typo := range map[string]string{
			"changed": text[:i] + string(other) + text[i+1:],
			"lost":    text[:i] + text[i+1:],
			"doubled": text[:i+1] + text[i:],
		} {
			if _, err := ParseToken(typo); !errors.Is(err, ErrToken) {
				t.Errorf("character %d %s: got %v, want ErrToken", i, name, err)
			}
		}
	}
	for _, other := range []string{"", "vigia1-", "token", text + text} {
		if _, err := ParseToken(other); !errors.Is(err, ErrToken) {
			t.Errorf("ParseToken(%q): got %v, want ErrToken", other, err)
		}
	}
}

func TestTokensDiffer(t *testing.T) {
	if a, b := exampleToken(), exampleToken(); a.Secret == b.Secret || a.CAPin != b.CAPin {
		t.Error("two tokens of one authority share their secret, or not their pin")
	}
}

// A signature over one kind of bytes is good for no other kind, key or bytes.
func TestSignaturesAreApart(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("a report")
	signature := Sign(private, DomainReport, message)
	if !Verify(public, DomainReport, message, signature) {
		t.Error("the signature does not verify")
	}
	for name, ok := range map[string]bool{
		"another domain":  Verify(public, DomainGap, message, signature),
		"another message": Verify(public, DomainReport, []byte("another"), signature),
		"another key":     Verify(other, DomainReport, message, signature),
		"no key":          Verify(nil, DomainReport, message, signature),
		"cut signature":   Verify(public, DomainReport, message, signature[:10]),
	} {
		if ok {
			t.Errorf("%s: verifies", name)
		}
	}
	// The domains end in a line end and none begins another, so that no
	// message can pass for one of another domain.
	domains := []Domain{DomainReport, DomainGap, DomainPolicy, DomainEnroll, DomainRenew}
	for _, a := range domains {
		for _, b := range domains {
			if a != b && strings.HasPrefix(string(a), string(b)) || !strings.HasSuffix(string(a), "\n") {
				t.Errorf("%q and %q are not apart", a, b)
			}
		}
	}
}

func TestStatusWords(t *testing.T) {
	for number := range Status_name {
		s := Status(number)
		if s == Status_STATUS_UNSPECIFIED {
			continue
		}
		if got := StatusOf(s.Word()); got != s {
			t.Errorf("%v is %q, which is %v", s, s.Word(), got)
		}
	}
	if StatusOf("nothing") != Status_STATUS_UNSPECIFIED || Status(99).Word() != "" {
		t.Error("an unknown word or number means something")
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(exampleToken().String())
	f.Add("vigia1-aaaa")
	f.Fuzz(func(t *testing.T, text string) {
		if token, err := ParseToken(text); err == nil {
			if again, err := ParseToken(token.String()); err != nil || again != token {
				t.Errorf("%q does not read back", token)
			}
		}
	})
}
