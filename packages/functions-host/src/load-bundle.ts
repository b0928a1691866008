import { createRequire, Module } from 'node:module';

const coreModuleName = '@azure/functions-core';
const nodeRequire = createRequire(import.meta.url);
const coreOfModule = new WeakMap<object, object>();
let loading: { core: object } | undefined;

/**
 * Loads an app with `core` as its `@azure/functions-core`: a CommonJS bundle, or a file that requires others. Every call
 * creates a new instance of each of them, so that several workers can run in one process. Node.js loads an ES module only
 * once, so an app of ES modules can run only once in a process.
 */
export function loadBundle(path: string, core: object): unknown {
  patchRequire();
  const filename = nodeRequire.resolve(path);
  delete nodeRequire.cache[filename];
  const loadedBefore = new Set(Object.keys(nodeRequire.cache));
  loading = { core };
  try {
    return nodeRequire(filename);
  } finally {
    loading = undefined;
    for (const name of Object.keys(nodeRequire.cache)) {
      if (!loadedBefore.has(name)) delete nodeRequire.cache[name];
    }
  }
}

// The real worker patches the same method. The patch stays, because the library loads its core at the first use. Other
// modules are not affected.
const patchRequire = once(() => {
  const original = Module.prototype.require;
  Module.prototype.require = Object.assign(function patchedRequire(this: Module, id: string): unknown {
    // Loading is synchronous, so only modules of the app require others meanwhile.
    if (loading && !coreOfModule.has(this)) coreOfModule.set(this, loading.core);
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
