import { createRequire, Module } from 'node:module';

const coreModuleName = '@azure/functions-core';
const nodeRequire = createRequire(import.meta.url);
const coreOfModule = new WeakMap<object, object>();
let loading: { filename: string; core: object } | undefined;

/**
 * Loads a CommonJS bundle with `core` as its `@azure/functions-core`. Every call creates a new instance, so that several
 * workers can run in one process.
 */
export function loadBundle(path: string, core: object): unknown {
  patchRequire();
  const filename = nodeRequire.resolve(path);
  delete nodeRequire.cache[filename];
  loading = { filename, core };
  try {
    return nodeRequire(filename);
  } finally {
    loading = undefined;
    delete nodeRequire.cache[filename];
  }
}

// The real worker patches the same method. The patch stays, because the library loads its core at the first use. Other
// modules are not affected.
const patchRequire = once(() => {
  const original = Module.prototype.require;
  Module.prototype.require = Object.assign(function patchedRequire(this: Module, id: string): unknown {
    if (loading && this.filename === loading.filename) coreOfModule.set(this, loading.core);
    if (id !== coreModuleName) return original.call(this, id);
    return coreOfModule.get(this) ?? original.call(this, id);
  }, original);
});

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
