#!/usr/bin/env node
import { main } from '../dist/peers/plain-server-main.js';

await main(process.argv.slice(2));
