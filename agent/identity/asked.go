package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	apiv1 "vigia/collector/api/v1"
)

// Asked is an enrolment that somebody asked for, to be made when the collector can be
// reached: an installer runs before the network does.
type Asked struct {
	Collector  string `json:"collector"` // host:port
	Token      string `json:"token"`
	Department string `json:"department,omitempty"`
	Proxy      string `json:"proxy,omitempty"` // may hold a password
}

// askedFile holds an Asked; it is as secret as keys are. awaitingFile holds the one that a
// person has to approve, so that what somebody asks instead meanwhile is not written over.
const (
	askedFile    = "asked.json"
	awaitingFile = "awaiting.json"
)

// Ask keeps an enrolment for later, in place of one that was asked for before. A machine
// that is enrolled is ErrEnrolled.
func Ask(dir string, a Asked) error {
	if _, err := splitHost(a.Collector); err != nil {
		return err
	}
	if _, err := apiv1.ParseToken(a.Token); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, stateFile)); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return fmt.Errorf("look for an identity: %w", err)
		}
		return ErrEnrolled
	}
	return keepAsked(dir, askedFile, a)
}

func keepAsked(dir, name string, a Asked) error {
	b, err := json.Marshal(a)
	if err == nil {
		err = writeFile(dir, name, b)
	}
	if err != nil {
		return fmt.Errorf("keep the enrolment: %w", err)
	}
	return nil
}

// WhatIsAsked returns the enrolment that is kept for later, and whether there is one.
func WhatIsAsked(dir string) (a Asked, ok bool, err error) { return loadAsked(dir, askedFile) }

func loadAsked(dir, name string) (a Asked, ok bool, err error) {
	b, err := readFile(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return Asked{}, false, nil
	}
	if err == nil && json.Unmarshal(b, &a) != nil {
		err = ErrDamaged // the decoder's own words could hold a piece of the token
	}
	if err != nil {
		return Asked{}, false, fmt.Errorf("read the enrolment that is asked for: %w", err)
	}
	return a, true, nil
}

// NotePending notes of an enrolment that a person has to approve it.
func NotePending(dir string, a Asked) error {
	if noted, ok, err := loadAsked(dir, awaitingFile); err == nil && ok && noted == a {
		return nil
	}
	return keepAsked(dir, awaitingFile, a)
}

// IsPending tells whether that was noted of it.
func IsPending(dir string, a Asked) bool {
	noted, ok, err := loadAsked(dir, awaitingFile)
	return err == nil && ok && noted == a
}

// ForgetAsked forgets what is asked for, and with it the token.
func ForgetAsked(dir string) error {
	return errors.Join(remove(dir, askedFile), remove(dir, awaitingFile))
}

// ForgetToken forgets what is asked for with a token; what somebody asked with another
// meanwhile stays.
func ForgetToken(dir, token string) error {
	if a, ok, err := WhatIsAsked(dir); err != nil || !ok || a.Token != token {
		return err
	}
	return ForgetAsked(dir)
}
