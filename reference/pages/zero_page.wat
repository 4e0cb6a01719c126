;; Finds the pages that are not all zero, 64 bytes at a time, in the memory that
;; they were read into. Assembled into zero_page.ts; a test compares both.
(module
  (memory (import "env" "memory") 1)

  ;; Sets bit n (LSB 0) at `bitmap` for each page n that has a byte other than 0.
  ;; Pages start at `first`; `pageSize` is a multiple of 64; the bits at `bitmap`
  ;; must be clear. Returns the number of bits set.
  (func (export "markNonZeroPages")
    (param $first i32) (param $pageSize i32) (param $pageCount i32)
    (param $bitmap i32) (result i32)
    (local $page i32) (local $at i32) (local $end i32) (local $byte i32)
    (local $marked i32)
    (local.set $at (local.get $first))
    (block $done
      (loop $nextPage
        (br_if $done (i32.ge_u (local.get $page) (local.get $pageCount)))
        (local.set $end (i32.add (local.get $at) (local.get $pageSize)))
        (block $zero
          (block $found
            (loop $next64
              (br_if $found
                (v128.any_true
                  (v128.or
                    (v128.or
                      (v128.load (local.get $at))
                      (v128.load offset=16 (local.get $at)))
                    (v128.or
                      (v128.load offset=32 (local.get $at))
                      (v128.load offset=48 (local.get $at))))))
              (local.set $at (i32.add (local.get $at) (i32.const 64)))
              (br_if $next64 (i32.lt_u (local.get $at) (local.get $end))))
            (br $zero))
          ;; Found a byte: set the bit of the page.
          (local.set $byte
            (i32.add (local.get $bitmap)
              (i32.shr_u (local.get $page) (i32.const 3))))
          (i32.store8 (local.get $byte)
            (i32.or
              (i32.load8_u (local.get $byte))
              (i32.shl (i32.const 1)
                (i32.and (local.get $page) (i32.const 7)))))
          (local.set $marked (i32.add (local.get $marked) (i32.const 1))))
        (local.set $at (local.get $end))
        (local.set $page (i32.add (local.get $page) (i32.const 1)))
        (br $nextPage)))
    (local.get $marked)))
