package local

// Marks tell this machine and this installation of its system from others. They are for
// hashing, and not to be shown: serial numbers are somebody's property.
type Marks struct {
	// UUID is that of the system's firmware, in small letters; Serials the serial numbers
	// that it tells, the best first. Makers leave out either, or fill in the same for all.
	UUID    string
	Serials []string
	// Installation is what the system was given when it was installed: machine-id(5) or
	// MachineGuid.
	Installation string
}
