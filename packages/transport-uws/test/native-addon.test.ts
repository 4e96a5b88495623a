import { describe, expect, it } from 'vitest';
import { explainMissingAddon, loadUws, NativeAddonError } from '../src/native-addon.ts';

describe('loadUws', () => {
  it('loads the addon on this machine', () => {
    expect(typeof loadUws().App).toBe('function');
  });

  it('says what is here and what is needed when the addon does not load', () => {
    const load = () => {
      throw new Error("general words\n\nError: Cannot find module './uws_linux_x64_999.node'");
    };
    expect(() => loadUws(load)).toThrow(NativeAddonError);
    expect(() => loadUws(load)).toThrow(/uws_linux_x64_999\.node/);
    expect(() => loadUws(load)).toThrow(new RegExp(`Node ${process.versions.node.replaceAll('.', '\\.')}`));
    expect(() => loadUws(load)).toThrow(/github:uNetworking\/uWebSockets\.js#v/);
  });

  it('takes a module without an App for a failure', () => {
    expect(() => loadUws(() => ({}))).toThrow(NativeAddonError);
  });

  it.each([
    ['20.19.0', '2.31', /Node 20 needs glibc 2\.27 or later/],
    ['22.1.0', '2.36', /glibc 2\.36\.\n.*Node 22 needs glibc 2\.38 or later/],
    ['24.0.0', null, /no glibc \(musl\?\)\.\n.*Node 24 needs glibc 2\.38 or later/],
  ])('Node %s with glibc %s', (nodeVersion, glibc, expected) => {
    const platform = { nodeVersion, abi: '1', os: 'linux', arch: 'x64', glibc };
    expect(explainMissingAddon(platform, new Error('x'))).toMatch(expected);
  });
});
