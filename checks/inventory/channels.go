package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// channels is DLP-CHANNEL: data leave the machine through platforms of the organisation
// alone. Of an account only its kind is read, and the name of a server; never whose it is.
func channels() checks.Check {
	return checks.New(
		checks.Info{ID: "inventory.channels", Deadline: time.Minute, Covers: channelCovers(), Messages: channelMessages()},
		channelParams{},
		checks.On[channelFacts]{host.Linux: observeChannelFiles, host.Windows: observeChannelRegistry},
		judgeChannels)
}

type channelParams struct {
	// Allowed are the channels that the organisation authorised; none means that nothing
	// was said about those that are not personal.
	Allowed []allowedChannel `json:"allowed,omitempty"`
	// MailDomains are the domains whose mail may be read here, as "ejemplo.gob.mx" or
	// "*.ejemplo.es"; none means that nothing was said.
	MailDomains []string `json:"mail_domains,omitempty"`
}

// allowedChannel is one authorised channel. What is empty stands for any.
type allowedChannel struct {
	Channel string `json:"channel"`           // "onedrive", "nextcloud", "telegram"
	Account string `json:"account,omitempty"` // personal, work or unknown
	Host    string `json:"host,omitempty"`    // of its server, with * for any text
}

// Validate implements checks.Validator.
func (p channelParams) Validate() error {
	if len(p.Allowed)+len(p.MailDomains) > 1000 {
		return fmt.Errorf("%d channels and domains, more than 1000", len(p.Allowed)+len(p.MailDomains))
	}
	for i, a := range p.Allowed {
		if a.Channel == "" || strings.Count(a.Host, "*") > 8 {
			return fmt.Errorf("allowed channel %d: want its name", i+1)
		}
	}
	for i, d := range p.MailDomains {
		if d == "" || strings.Contains(d, "@") || strings.Count(d, "*") > 8 {
			return fmt.Errorf("mail domain %d: want a domain without @", i+1)
		}
	}
	return nil
}

// channelFacts is the evidence of inventory.channels.
type channelFacts struct {
	Channels []channel       `json:"channels,omitempty"`
	Mail     []mailDomain    `json:"mail,omitempty"`
	Unread   []checks.Unread `json:"unread,omitempty"`
}

// channel is a way out of the machine that somebody set up.
type channel struct {
	Channel string `json:"channel"`
	// Account is personal, work, unknown (there is one, and no file tells which kind) or
	// none: a program that waits for one.
	Account string `json:"account"`
	Host    string `json:"host,omitempty"`    // of the server, where there is one to choose
	Profile string `json:"profile,omitempty"` // whose; empty: installed for everybody
}

// mailDomain is a domain of which somebody reads mail with a program.
type mailDomain struct {
	Program string `json:"program"`
	Domain  string `json:"domain"`
	Profile string `json:"profile"`
}

// Kinds of accounts.
const (
	accountPersonal = "personal"
	accountWork     = "organisation"
	accountUnknown  = "unknown"
	accountNone     = "none"
)

// usualAccount tells the kind of an account that no file tells, where a service is sold
// to persons.
func usualAccount(channel string) string {
	if slices.Contains([]string{"mega", "icloud", "pcloud"}, channel) {
		return accountPersonal
	}
	return accountUnknown
}

// messengers are channels whose presence is enough: who has one sends what she likes to
// whom she likes, from an account that is a telephone's.
func messengers() []string {
	return []string{"whatsapp", "telegram", "signal", "discord", "messenger", "viber", "wechat", "line"}
}

// personalDomains are of mail that anyone may open for himself.
func personalDomains() []string {
	return []string{
		"gmail.com", "googlemail.com", "hotmail.*", "outlook.com", "outlook.es", "live.*", "msn.com", "yahoo.*", "ymail.com",
		"icloud.com", "me.com", "mac.com", "aol.com", "gmx.*", "proton.me", "protonmail.com", "tutanota.com", "zoho.com", "mail.com",
		"prodigy.net.mx", "telefonica.net", "terra.es", "ono.com", "yandex.*",
	}
}

func (f *channelFacts) add(c channel) {
	c.Host, c.Profile = plain(strings.ToLower(c.Host)), plain(c.Profile)
	if len(f.Channels) < maxOthers {
		f.Channels = append(f.Channels, c)
	}
}

// mail takes the domain of an address, and nothing else of it.
func (f *channelFacts) mail(program, address, profile string) {
	i := strings.LastIndexByte(address, '@')
	if i < 1 {
		return
	}
	domain := strings.ToLower(strings.TrimRight(address[i+1:], ". "))
	if domain == "" || len(domain) > 253 || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return
	}
	if len(f.Mail) < maxOthers {
		f.Mail = append(f.Mail, mailDomain{program, domain, plain(profile)})
	}
}

func (f *channelFacts) finish(ctx context.Context, r *reader) (channelFacts, error) {
	slices.SortFunc(f.Channels, func(a, b channel) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Host, b.Host))
	})
	f.Channels = slices.Compact(f.Channels)
	slices.SortFunc(f.Mail, func(a, b mailDomain) int {
		return cmp.Or(cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Program, b.Program), cmp.Compare(a.Domain, b.Domain))
	})
	f.Mail = slices.Compact(f.Mail)
	f.Unread = r.unread
	return *f, ctx.Err()
}

// judgeChannels fails what is personal, and what an authorisation does not name if there
// is one; what nobody decided about is unknown.
func judgeChannels(seen channelFacts, p channelParams, _ time.Time) checks.Verdict {
	var v checks.Verdict
	count := map[checks.Status]int{}
	add := func(key string, status checks.Status, code string, args ...string) {
		count[status]++
		if len(v.Findings) < maxFindings {
			v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
		}
	}
	for _, c := range seen.Channels {
		messenger := slices.Contains(messengers(), c.Channel)
		if c.allowedBy(p.Allowed) || c.Account == accountNone && !messenger {
			continue
		}
		key := "channel/" + c.Channel + "/" + c.Account + "/" + c.Host + "/" + c.Profile
		args := []string{"channel", c.Channel, "held", c.Account, "host", cmp.Or(c.Host, "-"), "profile", cmp.Or(c.Profile, "-")}
		switch {
		case messenger:
			add(key, checks.Fail, "channels.messenger", args...)
		case c.Account == accountPersonal:
			add(key, checks.Fail, "channels.personal", args...)
		case len(p.Allowed) > 0:
			add(key, checks.Fail, "channels.not_allowed", args...)
		default:
			add(key, checks.Unknown, "channels.undecided", args...)
		}
	}
	in := func(list []string, domain string) bool {
		return slices.ContainsFunc(list, func(d string) bool { return like(d, domain) })
	}
	for _, m := range seen.Mail {
		key := "mail/" + m.Program + "/" + m.Domain + "/" + m.Profile
		args := []string{"program", m.Program, "domain", m.Domain, "profile", m.Profile}
		switch {
		case in(p.MailDomains, m.Domain):
		case in(personalDomains(), m.Domain):
			add(key, checks.Fail, "channels.mail_personal", args...)
		case len(p.MailDomains) > 0:
			add(key, checks.Fail, "channels.mail_not_allowed", args...)
		default:
			add(key, checks.Unknown, "channels.mail_undecided", args...)
		}
	}
	args := []string{"bad", strconv.Itoa(count[checks.Fail]), "undecided", strconv.Itoa(count[checks.Unknown]), "all", strconv.Itoa(len(seen.Channels) + len(seen.Mail))}
	status, code := checks.Pass, "channels.authorised"
	switch {
	case count[checks.Fail] > 0:
		status, code = checks.Fail, "channels.some"
	case len(seen.Unread) > 0 || len(seen.Channels) == maxOthers || len(seen.Mail) == maxOthers:
		status, code = checks.Unknown, "channels.unread"
		args = append(args, "sources", joined(unreadNames(seen.Unread)))
	case count[checks.Unknown] > 0:
		status, code = checks.Unknown, "channels.some_undecided"
	case len(seen.Channels)+len(seen.Mail) == 0:
		code = "channels.none"
	}
	v.Status, v.Reason = status, checks.Because(code, args...)
	return v
}

func (c channel) allowedBy(list []allowedChannel) bool {
	return slices.ContainsFunc(list, func(a allowedChannel) bool {
		return strings.EqualFold(a.Channel, c.Channel) && (a.Account == "" || a.Account == c.Account) && (a.Host == "" || like(a.Host, c.Host))
	})
}
