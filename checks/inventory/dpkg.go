package inventory

import "context"

func (r *reader) dpkg(ctx context.Context) ([]program, bool) { return nil, false }
