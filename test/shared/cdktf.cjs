module.exports = globalThis.sharedModules.cdktf;
