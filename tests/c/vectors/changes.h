/* The subscriptions of a script. */
#ifndef VECTORS_CHANGES_H
#define VECTORS_CHANGES_H

#include <strongroom.h>

#define MOST_SUBSCRIPTIONS 8

/* Changes that the library told a callback, until a step asks for them. */
struct told;

/* A subscription that a step made: one that is waited for, or, in the callback form, one that tells. */
struct subscription {
    char name[16];
    strongroom_subscription_t *handle;
    struct told *told;
};

void subscription_end(struct subscription *subscription);

#endif
