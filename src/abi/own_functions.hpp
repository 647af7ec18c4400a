// Hidden names of the functions that the library exports: by its public name, a function can be another
// module's.
#pragma once

// The compiler's own aliases would have to repeat each function's attributes.
#define ARPENT_ALIAS(name, alias, binding) \
  __asm__(".globl " alias "\n" binding ".type " alias ", %function\n.set " alias ", " name)
#define ARPENT_OWN(name) ARPENT_ALIAS(#name, "arpent_own_" #name, ".hidden arpent_own_" #name "\n")
