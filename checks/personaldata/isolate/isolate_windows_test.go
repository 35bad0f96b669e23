package isolate

const limitsMemory = false // Wine does not

func partsOfSystem() map[string]part { return nil }
