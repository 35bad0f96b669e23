package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// table is what the database knows about a table.
type table struct {
	name    string
	columns []column // as declared
	refers  []string // tables that its foreign keys point to
}

// column is one column; key is its place in the primary key from 1, or 0.
type column struct {
	name     string
	dataType string // as the database calls it, lower case
	key      int
}

// versionsTable is the one table that belongs to no component.
const versionsTable = "schema_versions"

// componentTables lists the components' tables so that each comes after those
// it refers to, and otherwise by name. It fails on a table that breaks the rules
// of the package comment, for it could not be dumped or moved.
func componentTables(ctx context.Context, e engine, tx *sql.Tx) ([]table, error) {
	all, err := e.tables(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read the database's catalogue: %w", err)
	}
	all = slices.DeleteFunc(all, func(t table) bool { return t.name == versionsTable })
	slices.SortFunc(all, func(a, b table) int { return cmp.Compare(a.name, b.name) })
	for _, t := range all {
		if err := t.check(); err != nil {
			return nil, err
		}
	}
	return sortByReference(all)
}

func (t table) check() error {
	keyed := false
	for _, c := range t.columns {
		switch c.dataType {
		case "text", "bigint", "bytea":
		default:
			return fmt.Errorf("column %s.%s is %s: only TEXT, BIGINT and BYTEA are allowed", t.name, c.name, c.dataType)
		}
		keyed = keyed || c.key > 0
	}
	if !keyed {
		return fmt.Errorf("table %s has no primary key", t.name)
	}
	return nil
}

// keyColumns are the columns of the primary key in its order.
func (t table) keyColumns() []column {
	keys := slices.DeleteFunc(slices.Clone(t.columns), func(c column) bool { return c.key == 0 })
	slices.SortFunc(keys, func(a, b column) int { return cmp.Compare(a.key, b.key) })
	return keys
}

// sortByReference keeps the order of the names where references allow.
func sortByReference(all []table) ([]table, error) {
	var sorted []table
	placed := make(map[string]bool)
	for len(sorted) < len(all) {
		before := len(sorted)
		for _, t := range all {
			ready := !placed[t.name]
			for _, r := range t.refers {
				ready = ready && placed[r]
			}
			if ready {
				sorted = append(sorted, t)
				placed[t.name] = true
			}
		}
		if len(sorted) == before {
			var names []string
			for _, t := range all {
				if !placed[t.name] {
					names = append(names, t.name)
				}
			}
			return nil, fmt.Errorf("the foreign keys of %s form a circle", strings.Join(names, ", "))
		}
	}
	return sorted, nil
}

func (e *sqliteEngine) tables(ctx context.Context, tx *sql.Tx) ([]table, error) {
	return readTables(ctx, tx, `
		SELECT t.name, c.name, c.type, c.pk FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY t.name, c.cid`, `
		SELECT t.name, f."table" FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'`)
}

func (e *postgresEngine) tables(ctx context.Context, tx *sql.Tx) ([]table, error) {
	return readTables(ctx, tx, `
		SELECT r.relname, a.attname, format_type(a.atttypid, a.atttypmod),
			coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)
		FROM pg_class AS r
		JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_index AS i ON i.indrelid = r.oid AND i.indisprimary
		WHERE r.relkind IN ('r', 'p') AND r.relnamespace = current_schema()::regnamespace
		ORDER BY r.relname, a.attnum`, `
		SELECT r.relname, f.relname
		FROM pg_constraint AS c
		JOIN pg_class AS r ON r.oid = c.conrelid
		JOIN pg_class AS f ON f.oid = c.confrelid
		WHERE c.contype = 'f' AND r.relnamespace = current_schema()::regnamespace`)
}

// readTables builds the catalogue from a query of (table, column, type, place in
// the key) and one of (table, table that it refers to).
func readTables(ctx context.Context, tx *sql.Tx, columns, references string) ([]table, error) {
	var all []table
	byName := make(map[string]int)
	rows, err := tx.QueryContext(ctx, columns)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var c column
		if err := rows.Scan(&name, &c.name, &c.dataType, &c.key); err != nil {
			return nil, err
		}
		c.dataType = strings.ToLower(c.dataType)
		i, ok := byName[name]
		if !ok {
			i = len(all)
			byName[name] = i
			all = append(all, table{name: name})
		}
		all[i].columns = append(all[i].columns, c)
	}
	if err := errorsOf(rows); err != nil {
		return nil, err
	}
	rows, err = tx.QueryContext(ctx, references)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var from, to string
		if err := rows.Scan(&from, &to); err != nil {
			return nil, err
		}
		i := byName[from]
		all[i].refers = append(all[i].refers, to)
	}
	return all, errorsOf(rows)
}

// errorsOf closes rows and tells whether they all came.
func errorsOf(rows *sql.Rows) error {
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// quote writes an identifier for both databases.
func quote(identifier string) string {
	return `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"`
}
