package protection

import (
	"errors"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// antivirus is SYS-AV: an antivirus watches in real time and its signatures are recent.
func antivirus() checks.Check {
	return checks.New(checks.Info{ID: "protection.antivirus", Covers: antivirusCovers(), Messages: antivirusMessages()},
		antivirusParams{MaxSignatureDays: 7, RecommendedSignatureDays: 3, ScanDays: 8, Linux: required},
		checks.On[antivirusFacts]{
			host.Windows: observeAntivirusWindows,
			host.Linux:   observeAntivirusLinux,
		}, judgeAntivirus)
}

// antivirusParams says how old things may be, in days, and what Linux owes.
type antivirusParams struct {
	// MaxSignatureDays is the age of signatures from which on they protect no more.
	MaxSignatureDays int `json:"max_signature_days"`
	// RecommendedSignatureDays is the age that an updated machine never reaches.
	RecommendedSignatureDays int `json:"recommended_signature_days"`
	// ScanDays is how long ago the last scan may be; 0 demands none.
	ScanDays int `json:"scan_days"`
	// Linux is "required" or "recommended": whether a Linux machine without an antivirus
	// fails or is warned of.
	Linux string `json:"linux"`
}

const (
	required    = "required"
	recommended = "recommended"
)

// Validate implements checks.Validator.
func (p *antivirusParams) Validate() error {
	switch {
	case p.RecommendedSignatureDays < 1 || p.MaxSignatureDays < p.RecommendedSignatureDays:
		return errors.New("recommended_signature_days must be at least 1, and max_signature_days not below it")
	case p.ScanDays < 0:
		return errors.New("scan_days must not be negative")
	case p.Linux != required && p.Linux != recommended:
		return errors.New("linux must be \"required\" or \"recommended\"")
	}
	return nil
}

// antivirusFacts is the evidence of protection.antivirus.
type antivirusFacts struct {
	// Linux tells which of the two systems it is.
	Linux    bool      `json:"linux,omitempty"`
	Products []product `json:"products,omitempty"`
	// Exclusions of Microsoft Defender, sorted; those of others are not known.
	Exclusions []exclusion `json:"exclusions,omitempty"`
	// MoreExclusions counts those left out.
	MoreExclusions int `json:"more_exclusions,omitempty"`
	// Threats are those that Microsoft Defender found and has not got rid of.
	Threats []threat `json:"threats,omitempty"`
	// Unread are the sources of products, UnreadDefender those of what Defender leaves
	// out and has found.
	Unread         []checks.Unread `json:"unread,omitempty"`
	UnreadDefender []checks.Unread `json:"unread_defender,omitempty"`
}

// threat is a malicious program. Where it was found is not kept: names of files tell of
// people.
type threat struct {
	ID   string `json:"id"`
	Name string `json:"name"` // as Microsoft names it, in all languages
}

// product is one antivirus.
type product struct {
	// ID is stable: one of this package's own names, or the GUID under which the
	// product registered with the Windows Security Center.
	ID   string `json:"id"`
	Name string `json:"name"`
	// From tells who says so: security_center, defender, registry, service, process.
	From    string `json:"from"`
	Version string `json:"version,omitempty"`
	State   string `json:"state"` // on, off, snoozed, expired, passive, gone, unknown
	// RealTime: on, off; empty where the product being on is all that is known.
	RealTime string `json:"real_time,omitempty"`
	// Signatures: current or old as the product itself says, none for a product that
	// works without, missing where they should be and are not; empty: not known.
	Signatures string `json:"signatures,omitempty"`
	// SignatureDay is the day of the signatures, ScanDay that of the last scan that
	// ended, YYYY-MM-DD in UTC; "never" for a scan that never was.
	SignatureDay string `json:"signature_day,omitempty"`
	ScanDay      string `json:"scan_day,omitempty"`
}

// States of a product and its parts.
const (
	stateOn      = "on"
	stateOff     = "off"
	stateSnoozed = "snoozed"
	stateExpired = "expired"
	statePassive = "passive"
	stateGone    = "gone" // it is registered, and its program is not there any more
	stateUnknown = "unknown"

	signaturesCurrent = "current"
	signaturesOld     = "old"
	signaturesNone    = "none"
	signaturesMissing = "missing"

	never = "never"
)

func judgeAntivirus(seen antivirusFacts, p antivirusParams, at time.Time) checks.Verdict {
	var j judged
	watching := 0
	for _, prod := range seen.Products {
		if prod.State == stateOn {
			watching++
			j.product(prod, seen.Linux, p, at)
		}
	}
	if watching > 0 {
		for _, e := range seen.Exclusions {
			j.exclusion(e)
		}
		for _, th := range seen.Threats {
			j.add("threat/"+th.ID, checks.Fail, "antivirus.threat", "threat", th.Name)
		}
		for _, u := range seen.UnreadDefender {
			j.add("unread/"+u.Source, checks.Unknown, "antivirus.unread", "source", u.Source, "why", u.Why)
		}
		return j.verdict("antivirus.watches", "antivirus.several", "antivirus.several_warn", "antivirus.several_unknown")
	}
	// Nobody watches, as far as could be seen.
	without := checks.Fail
	if seen.Linux && p.Linux == recommended {
		without = checks.Warn
	}
	if len(seen.Unread) > 0 {
		without = checks.Unknown
	}
	for _, prod := range seen.Products {
		j.add("product/"+prod.ID, without, "antivirus."+prod.State, "product", prod.Name)
	}
	for _, u := range seen.Unread {
		j.add("unread/"+u.Source, checks.Unknown, "antivirus.unread", "source", u.Source, "why", u.Why)
	}
	if len(j.findings) == 0 {
		code := "antivirus.none"
		if without == checks.Warn {
			code = "antivirus.none_linux"
		}
		j.add("product", without, code)
	}
	return j.verdict("antivirus.watches", "antivirus.none_on", "antivirus.none_on", "antivirus.several_unknown")
}

// product judges an antivirus that is on.
func (j *judged) product(prod product, linux bool, p antivirusParams, at time.Time) {
	key := "product/" + prod.ID
	before := len(j.findings)
	if prod.RealTime == stateOff {
		status, code := checks.Fail, "antivirus.not_watching"
		if linux { // there, an antivirus is mostly asked by mail and file servers
			status, code = checks.Warn, "antivirus.on_demand_only"
		}
		j.add(key+"/real_time", status, code, "product", prod.Name)
	}
	j.signatures(key+"/signatures", prod, p, at)
	if days, ok := daysSince(prod.ScanDay, at); p.ScanDays > 0 && (prod.ScanDay == never || ok && days > p.ScanDays) {
		j.add(key+"/scan", checks.Warn, "antivirus.scan_old", "product", prod.Name, "scanned", prod.ScanDay, "limit", strconv.Itoa(p.ScanDays))
	}
	if len(j.findings) == before {
		j.add(key, checks.Pass, "antivirus.on", "product", prod.Name)
	}
}

func (j *judged) signatures(key string, prod product, p antivirusParams, at time.Time) {
	days, dated := daysSince(prod.SignatureDay, at)
	limit := strconv.Itoa(p.RecommendedSignatureDays)
	switch {
	case prod.Signatures == signaturesNone:
	case prod.Signatures == signaturesMissing:
		j.add(key, checks.Fail, "antivirus.signatures_missing", "product", prod.Name)
	case dated && days < -1: // a clock that is wrong, here or there
		j.add(key, checks.Unknown, "antivirus.signatures_future", "product", prod.Name, "day", prod.SignatureDay)
	case dated && days > p.MaxSignatureDays:
		j.add(key, checks.Fail, "antivirus.signatures_old", "product", prod.Name, "day", prod.SignatureDay, "limit", limit)
	case dated && days > p.RecommendedSignatureDays:
		j.add(key, checks.Warn, "antivirus.signatures_old", "product", prod.Name, "day", prod.SignatureDay, "limit", limit)
	case dated:
	case prod.Signatures == signaturesOld:
		j.add(key, checks.Fail, "antivirus.signatures_old_by_itself", "product", prod.Name)
	case prod.Signatures == signaturesCurrent:
	default:
		j.add(key, checks.Unknown, "antivirus.signatures_unknown", "product", prod.Name)
	}
}

func (j *judged) exclusion(e exclusion) {
	if width := e.width(); width != "" {
		status := checks.Fail
		if width == widthWide {
			status = checks.Warn
		}
		j.add("exclusion/"+e.Kind+"/"+e.What, status, "antivirus."+width, "excluded", e.Kind, "what", e.What)
	}
}
