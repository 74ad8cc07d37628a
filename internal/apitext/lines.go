package apitext

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// lines are the exported names of a package, sorted. Constants come with their value, functions
// without the names of their parameters: who renames one changes nothing for a caller.
//
// What a type has from an exported embedded type is that type's, and is not repeated. So a line
// goes where a provider no longer has a method of its own and shows the one of storage.Unsupported.
func lines(pkg *types.Package) []string {
	w := &writer{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Const:
			w.line("const %s %s", name, w.typ(obj.Type()))
			w.line("const %s = %s", name, obj.Val().ExactString())
		case *types.Var:
			w.line("var %s %s", name, w.typ(obj.Type()))
		case *types.Func:
			w.line("func %s%s", name, w.signature(obj.Signature()))
		case *types.TypeName:
			w.typeName(obj)
		}
	}
	if len(w.lines) == 0 {
		w.line("nothing is exported") // its import is what it is for
	}
	slices.Sort(w.lines)
	return slices.Compact(w.lines)
}

type writer struct {
	pkg   *types.Package
	lines []string
}

func (w *writer) line(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf("pkg %s, ", w.pkg.Path())+fmt.Sprintf(format, args...))
}

// typ is the type as the package itself would write it.
func (w *writer) typ(t types.Type) string {
	return types.TypeString(unnamed(t), func(p *types.Package) string {
		if p == w.pkg {
			return ""
		}
		return p.Name()
	})
}

// signature is what stands behind the name of a function.
func (w *writer) signature(s *types.Signature) string {
	return w.typeParams(s.TypeParams()) + strings.TrimPrefix(w.typ(s), "func")
}

func (w *writer) typeParams(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var params []string
	for p := range list.TypeParams() {
		params = append(params, p.Obj().Name()+" "+w.typ(p.Constraint()))
	}
	return "[" + strings.Join(params, ", ") + "]"
}

func (w *writer) typeName(obj *types.TypeName) {
	if alias, ok := obj.Type().(*types.Alias); ok {
		w.line("type %s%s = %s", obj.Name(), w.typeParams(alias.TypeParams()), w.typ(alias.Rhs()))
		return
	}
	named := obj.Type().(*types.Named)
	name := obj.Name() + w.typeParams(named.TypeParams())
	switch u := named.Underlying().(type) {
	case *types.Struct:
		w.line("type %s struct", name)
		w.fields(name, u)
	case *types.Interface:
		w.interfaceType(name, u)
	default:
		w.line("type %s %s", name, w.typ(u))
	}
	if types.IsInterface(named) {
		return // its methods stand with it
	}
	w.methods(named.Obj().Name(), named)
}

func (w *writer) fields(name string, s *types.Struct) {
	for f := range s.Fields() {
		switch {
		case f.Embedded() && !f.Exported():
			if inner, ok := deref(f.Type()).Underlying().(*types.Struct); ok {
				w.fields(name, inner) // promoted, and a caller does not see from where
			}
		case !f.Exported():
		case f.Embedded():
			w.line("type %s struct, embedded %s", name, w.typ(f.Type()))
		default:
			w.line("type %s struct, %s %s", name, f.Name(), w.typ(f.Type()))
		}
	}
}

func (w *writer) interfaceType(name string, i *types.Interface) {
	var has []string
	for m := range i.ExplicitMethods() {
		if !m.Exported() {
			has = append(has, "unexported methods")
			continue
		}
		has = append(has, m.Name())
		w.line("type %s interface, %s%s", name, m.Name(), w.signature(m.Signature()))
	}
	for t := range i.EmbeddedTypes() {
		has = append(has, w.typ(t))
	}
	slices.Sort(has)
	w.line("type %s interface { %s }", name, strings.Join(slices.Compact(has), ", "))
}

// methods are those of the type, and of unexported types that it embeds.
func (w *writer) methods(name string, named *types.Named) {
	value := types.NewMethodSet(named)
	pointer := types.NewMethodSet(types.NewPointer(named))
	for sel := range pointer.Methods() {
		m := sel.Obj().(*types.Func)
		if !m.Exported() || promotedFromExported(named, sel.Index()) {
			continue
		}
		receiver := "*" + name
		if value.Lookup(m.Pkg(), m.Name()) != nil {
			receiver = name
		}
		w.line("method (%s) %s%s", receiver, m.Name(), w.signature(m.Signature()))
	}
}

// promotedFromExported says whether the way from the type to its method goes through an exported
// embedded field.
func promotedFromExported(t types.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		f := deref(t).Underlying().(*types.Struct).Field(i)
		if f.Exported() {
			return true
		}
		t = f.Type()
	}
	return false
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// unnamed is t with the parameters of functions nameless, as far as types without a name go.
func unnamed(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Signature:
		params, results := unnamedTuple(t.Params()), unnamedTuple(t.Results())
		return types.NewSignatureType(nil, nil, nil, params, results, t.Variadic())
	case *types.Pointer:
		return types.NewPointer(unnamed(t.Elem()))
	case *types.Slice:
		return types.NewSlice(unnamed(t.Elem()))
	case *types.Array:
		return types.NewArray(unnamed(t.Elem()), t.Len())
	case *types.Map:
		return types.NewMap(unnamed(t.Key()), unnamed(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), unnamed(t.Elem()))
	}
	return t
}

func unnamedTuple(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), "", unnamed(v.Type())))
	}
	return types.NewTuple(vars...)
}
