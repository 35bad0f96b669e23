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
	Collector string `json:"collector"` // host:port
	Token     string `json:"token"`
}

// askedFile holds an Asked; it is as secret as keys are.
const askedFile = "asked.json"

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
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep the enrolment: %w", err)
	}
	if err := writeFile(dir, askedFile, b); err != nil {
		return fmt.Errorf("keep the enrolment: %w", err)
	}
	return nil
}

// WhatIsAsked returns the enrolment that is kept for later, and whether there is one.
func WhatIsAsked(dir string) (a Asked, ok bool, err error) {
	b, err := readFile(dir, askedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Asked{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	if err != nil {
		return Asked{}, false, fmt.Errorf("read the enrolment that is asked for: %w", err)
	}
	return a, true, nil
}

// ForgetAsked forgets it, and with it the token.
func ForgetAsked(dir string) error { return remove(dir, askedFile) }
