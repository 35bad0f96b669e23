// Package apiv1 is the wire contract between vigia-agent and the collector:
// the generated code of vigia.proto and what both sides must do alike, such as
// the bytes that a signature covers. It is all of the collector that the agent
// may import, and it holds no behaviour of either.
//
// Fields are only added, never renumbered or reused.
package apiv1
