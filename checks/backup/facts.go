package backup

import "time"

// dailyFacts is the evidence of backup.daily.
type dailyFacts struct {
	Datasets []datasetFacts `json:"datasets,omitempty"`
}

// datasetFacts is what was seen of one dataset. The places are those of the
// parameters, so that a later judgement knows what was looked at.
type datasetFacts struct {
	Name    string      `json:"name"`
	Source  string      `json:"source,omitempty"`
	Copies  string      `json:"copies"`
	Pattern string      `json:"pattern,omitempty"`
	Seen    copiesFacts `json:"seen"`
	// Tree is the source as walked; nil when the copies made that needless.
	Tree *treeFacts `json:"tree,omitempty"`
	// Server is the PostgreSQL server whose folder the source is.
	Server *serverFacts `json:"server,omitempty"`
}

// copiesFacts is what the folder of copies holds.
type copiesFacts struct {
	// Why the folder could not be listed, a code of checks.WhyUnread or share: a folder
	// of another machine that this one was not shown.
	Why string `json:"why,omitempty"`
	// IsSource: the folder of copies is the source, by whatever name.
	IsSource bool `json:"is_source,omitempty"`
	// Store is what writes the copies, as declared or recognised; empty for files.
	Store string `json:"store,omitempty"`
	// Matching counts the entries that the pattern selects. Of these, Future
	// are dated later than the observation, Writing changed moments before it or are
	// marked by their program as unfinished, Unread could not be looked at whole,
	// Links lead out of the folder and Damaged are not whole.
	Matching int `json:"matching"`
	Future   int `json:"future,omitempty"`
	Writing  int `json:"writing,omitempty"`
	Unread   int `json:"unread,omitempty"`
	Links    int `json:"links,omitempty"`
	Damaged  int `json:"damaged,omitempty"`
	// Guests counts the virtual machines of which a folder holds copies, where the
	// policy does not choose one of them.
	Guests int `json:"guests,omitempty"`
	// Best are the finished copies of which none newer is as large, newest
	// first: whatever the size floor, the newest copy above it is among them. No
	// damaged one is.
	Best []copyFact `json:"best,omitempty"`
	// BestMore counts those left out beyond the limit of the list.
	BestMore int `json:"best_more,omitempty"`
	// Recent are the newest finished copies, newest first, damaged ones too. Evidence of
	// the first version has none.
	Recent []copyFact `json:"recent,omitempty"`
	// Usual is what the copies weigh as a rule.
	Usual *usualFacts `json:"usual,omitempty"`
	// Period is the number of days in which each copy has its turn to be read whole.
	Period int `json:"period,omitempty"`
	// Suspects are the places in the rota of what was found damaged in this run.
	Suspects []int `json:"suspects,omitempty"`
	// Lock is when the oldest lock of a repository was set, if there is one.
	Lock time.Time `json:"lock,omitzero"`
	// Doubtful is when a repository was last changed by what may or may not have been a
	// copy, if that was later than the last one that certainly was.
	Doubtful time.Time `json:"doubtful,omitzero"`
	// Failed is when the program last noted that a copy had failed.
	Failed time.Time `json:"failed,omitzero"`
	// Mirror compares a mirror with its source.
	Mirror *mirrorFacts `json:"mirror,omitempty"`
}

// copyFact is one copy: a file, or a folder with all it holds. Its name is not
// kept, since people name copies after people.
type copyFact struct {
	// Time is when the file, or the newest file of the folder, was written.
	Time   time.Time `json:"time"`
	Size   int64     `json:"size"` // bytes
	Folder bool      `json:"folder,omitempty"`
	Files  int64     `json:"files,omitempty"` // in the folder
	// Usual is what the copies before it weighed as a rule; 0 where that was not known.
	Usual int64 `json:"usual,omitempty"`
	// Format is what the content is, Depth how far it was verified in this run
	// (intact.Depth), Limit why no further, Damage what is wrong with it and Why that it
	// could not be read.
	Format string `json:"format,omitempty"`
	Depth  string `json:"depth,omitempty"`
	Limit  string `json:"limit,omitempty"`
	Damage string `json:"damage,omitempty"`
	Why    string `json:"why,omitempty"`
	// Turn is the day (YYYY-MM-DD) on which it is read whole, if not in this run.
	Turn string `json:"turn,omitempty"`
}

// mirrorFacts compares each file of a source with its copy in a mirror.
type mirrorFacts struct {
	Files int64 `json:"files"` // of the source
	Bytes int64 `json:"bytes"` // of their copies
	// Missing have no copy, and Behind an older one. PendingSince is the time of the
	// oldest change that is not in the mirror.
	Missing      int64     `json:"missing,omitempty"`
	Behind       int64     `json:"behind,omitempty"`
	PendingSince time.Time `json:"pending_since,omitzero"`
	// BehindSince is the oldest change of a file whose copy is an older one.
	BehindSince time.Time `json:"behind_since,omitzero"`
	// Written is when anything in the mirror was last put there.
	Written time.Time `json:"written,omitzero"`
	// Damaged have a copy of the same time or newer, of another size or content.
	Damaged int64 `json:"damaged,omitempty"`
	// Same are not copied: the mirror has the file itself under another name.
	Same int64 `json:"same,omitempty"`
	// Compared counts contents that were read on both sides in this run.
	Compared int64 `json:"compared,omitempty"`
	// Unfinished are files that a transfer left behind, the newest from Temp.
	Unfinished int64     `json:"unfinished,omitempty"`
	Temp       time.Time `json:"temp,omitzero"`
	// Unread could not be looked at on one side, and Why is that of the first; Stopped
	// says why the comparison did not reach its end.
	Unread  int64  `json:"unread,omitempty"`
	Why     string `json:"why,omitempty"`
	Stopped string `json:"stopped,omitempty"`
}

// serverFacts is what global/pg_control says.
type serverFacts struct {
	// Why it could not be read: a code of checks.WhyUnread, version or control.
	Why     string `json:"why,omitempty"`
	Version uint32 `json:"version,omitempty"`
	// Checkpoint is the place in the log up to which everything was written, Time when
	// that was, and Stopped that the server was shut down then.
	Checkpoint string    `json:"checkpoint,omitempty"`
	Time       time.Time `json:"time,omitzero"`
	Stopped    bool      `json:"stopped,omitempty"`
	// Crashed: the file says that the server runs and no process file is there.
	Crashed bool `json:"crashed,omitempty"`
}

// treeFacts is what the times of a source say about its last change.
type treeFacts struct {
	// Why the source could not be walked at all, a code of checks.WhyUnread.
	Why string `json:"why,omitempty"`
	// Stopped says why the walk did not reach its end, empty when it did.
	Stopped string `json:"stopped,omitempty"`
	Files   int64  `json:"files"`
	Folders int64  `json:"folders"`
	Bytes   int64  `json:"bytes"`
	// Written is the latest time at which a file or folder was written, and
	// Changed the latest change of anything about one, both as of the
	// observation; Future counts those dated later than it.
	Written time.Time `json:"written,omitzero"`
	Changed time.Time `json:"changed,omitzero"`
	Future  int64     `json:"future,omitempty"`
	// Between counts the files written while the copies had always the same size: from
	// From to To.
	Between int64     `json:"between,omitempty"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	// Entries whose times prove nothing: Unread could not be looked at, Links
	// lead elsewhere, Untimed are on a file system without change times, and
	// Lazy are databases whose times Windows updates only when they close.
	Unread  int64 `json:"unread,omitempty"`
	Links   int64 `json:"links,omitempty"`
	Untimed int64 `json:"untimed,omitempty"`
	Lazy    int64 `json:"lazy,omitempty"`
	// Mounts counts file systems mounted inside the source; MountsWhy is why
	// they are not known.
	Mounts    int    `json:"mounts,omitempty"`
	MountsWhy string `json:"mounts_why,omitempty"`
	// Fingerprint digests name, kind, size and time of every entry in order: two equal
	// ones mean that nothing was written in between. No name can be read from it.
	Fingerprint string `json:"fingerprint,omitempty"`
}
