module.exports = globalThis.sharedModules.constructs;
