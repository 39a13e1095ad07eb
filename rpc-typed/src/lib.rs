//! Typed RPC that tRPC clients call: routers, typed context, batches, subscriptions, TypeScript types.
