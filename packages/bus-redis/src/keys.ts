import { randomBytes } from 'node:crypto';
import type { NodeId, Topic } from '@parley/core';

/** Every incarnation has an id of this many characters: lists of them are packed without a separator. */
export const NODE_ID_CHARS = 8;

/** 48 random bits in base64url. */
export const newNodeId = (): NodeId => randomBytes(6).toString('base64url');

/**
 * Names of keys and channels. `{nodes}` is a hash tag: what is changed together in one script lies in one slot of a Redis Cluster.
 */
export class Keys {
  /** zset: incarnation by the time (Redis' clock, ms) at which its lease ends; one that has ended stays until it is cleared away. */
  readonly leases: string;
  /** hash: incarnation to the last message id that it reported. */
  readonly marks: string;
  /** Channel of all nodes' heartbeats. */
  readonly heartbeats: string;
  /** A topic's key is this and the topic: a string of packed incarnations. */
  readonly topicPrefix: string;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.leases = `${prefix}{nodes}:leases`;
    this.marks = `${prefix}{nodes}:marks`;
    this.heartbeats = `${prefix}heartbeats`;
    this.topicPrefix = `${prefix}topic:`;
  }

  /** set: the topics that an incarnation has joined. */
  topicsOf(nodeId: NodeId): string {
    return `${this.#prefix}{nodes}:topics:${nodeId}`;
  }

  /** string with a TTL: who is clearing away an incarnation. */
  claimOn(nodeId: NodeId): string {
    return `${this.#prefix}{nodes}:claim:${nodeId}`;
  }

  topic(topic: Topic): string {
    return this.topicPrefix + topic;
  }

  /** Channel of an incarnation's inbox. */
  inbox(nodeId: NodeId): string {
    return `${this.#prefix}inbox:${nodeId}`;
  }
}
