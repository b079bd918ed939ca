// The Firebase Auth emulator alone: `node auth_emulator.js PROJECT_ID PORT`.
//
// firebase-tools' command line takes 10 to 16 s to start it, its server module on its own about 5.
"use strict";

// Node 22 and newer keep the compiled modules between runs, which is most of the start.
require("node:module").enableCompileCache?.();

const { createApp } = require("firebase-tools/lib/emulator/auth/server.js");

const ANY_PROJECT = 0; // SingleProjectMode.NO_WARNING: tests bring a project id each
const [projectId, port] = process.argv.slice(2);

process.on("SIGTERM", () => process.exit(0));

createApp(projectId, ANY_PROJECT).then((app) => {
  app.listen(Number(port), "127.0.0.1", () => console.log(`Auth emulator of ${projectId} on 127.0.0.1:${port}`));
});
