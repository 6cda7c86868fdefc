// Jest's own runner, one file at a time: the tests of this folder share the host's processors, bridges and mounts. All others run side by side.

const { default: TestRunner } = require("jest-runner");

module.exports = class SerialRunner extends TestRunner {
  isSerial = true;
};
