package file

// CheckKey refuses the keys that files cannot hold. What a file system does beyond the rules of
// names, such as folding case, only a write shows.
func (s *Store) CheckKey(key string) error { return checkKey(key) }
