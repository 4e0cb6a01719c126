meta:
  id: mapped_ram
  title: QEMU migration stream with mapped-ram
  application: QEMU
  file-extension: mr
  license: CC0-1.0
  endian: be
  ks-version: '0.10'
doc: |
  The start of a migration stream with the capability mapped-ram: the
  configuration, the list of RAMBlocks, their bitmaps and pages. SPEC.md
  describes the format; positions are those of the file, so a stream that does
  not start at byte 0 cannot be read with this description, and neither can one
  with a FULL section before the RAM section: only the vmdesc at the end of the
  file, a JSON text, gives the length of such a section.
doc-ref: https://www.qemu.org/docs/master/devel/migration/mapped-ram.html
seq:
  - id: magic
    contents: QEVM
  - id: version
    type: u4
    valid: 3
  - id: configuration
    type: configuration
  - id: items
    type: item
    repeat: until
    repeat-until: _.type != item_type::subsection and _.type != item_type::command
    doc: Subsections of the configuration, commands, and START of RAM at last.
instances:
  ram:
    value: items.last.body.as<section_start>
    doc: The START of the RAM section.
  capabilities:
    value: items[capabilities_index].body.as<subsection>.body.as<capabilities>
    if: capabilities_index < items.size
  capabilities_index:
    value: >-
      (items.size > 0 and items[0].is_capabilities) ? 0
      : (items.size > 1 and items[1].is_capabilities) ? 1
      : (items.size > 2 and items[2].is_capabilities) ? 2 : items.size
    doc: At most three subsections follow the configuration.
  has_mr_addr:
    value: capabilities.ignore_shared.as<bool>
enums:
  item_type:
    0x00: eof
    0x01: section_start
    0x02: section_part
    0x03: section_end
    0x04: section_full
    0x05: subsection
    0x07: configuration
    0x08: command
types:
  counted_string:
    seq:
      - id: length
        type: u1
      - id: value
        type: str
        size: length
        encoding: ASCII
  configuration:
    seq:
      - id: type
        type: u1
        valid: 7
      - id: len_machine
        type: u4
        valid:
          min: 1
          max: 255
      - id: machine
        type: str
        size: len_machine
        encoding: ASCII
  item:
    seq:
      - id: type
        type: u1
        enum: item_type
      - id: body
        type:
          switch-on: type
          cases:
            item_type::subsection: subsection
            item_type::command: command
            item_type::section_start: section_start
    instances:
      is_capabilities:
        value: >-
          type == item_type::subsection
          and body.as<subsection>.name.value == "configuration/capabilities"
  subsection:
    seq:
      - id: name
        type: counted_string
      - id: version
        type: u4
        valid: 1
      - id: body
        type:
          switch-on: name.value
          cases:
            '"configuration/target-page-bits"': target_page_bits
            '"configuration/capabilities"': capabilities
            '"configuration/uuid"': uuid
  target_page_bits:
    seq:
      - id: bits
        type: u4
        valid:
          min: 8
          max: 20
  capabilities:
    seq:
      - id: count
        type: u4
        valid:
          max: 64
      - id: names
        type: capability(_index)
        repeat: expr
        repeat-expr: count
    instances:
      ignore_shared:
        value: count > 0 and names.last.ignore_shared.as<bool>
  capability:
    params:
      - id: index
        type: s4
    seq:
      - id: name
        type: counted_string
    instances:
      ignore_shared:
        value: >-
          name.value == "x-ignore-shared"
          or (index > 0 and _parent.as<capabilities>.names[index - 1].ignore_shared.as<bool>)
        doc: Whether this capability, or one before it, is x-ignore-shared.
  uuid:
    seq:
      - id: bytes
        size: 16
  command:
    seq:
      - id: command
        type: u2
      - id: length
        type: u2
      - id: payload
        size: length
  section_start:
    seq:
      - id: section_id
        type: u4
      - id: idstr
        type: counted_string
      - id: instance_id
        type: u4
      - id: version_id
        type: u4
        valid: 4
      - id: total_word
        type: u8
        doc: The total, with the flag MEM_SIZE in its low ten bits.
      - id: first
        type: entry(0, total, _io.pos)
        if: total > 0
    instances:
      total:
        value: total_word - 4
        doc: The sum of all used_length; the flag MEM_SIZE is 4.
  entry:
    doc: |
      An entry of the list of RAMBlocks. The list is a chain: the next entry is
      after the pages of this one.
    params:
      - id: sum_before
        type: u8
      - id: total
        type: u8
      - id: position
        type: u8
    seq:
      - id: idstr
        type: counted_string
      - id: used_length
        type: u8
      - id: mr_addr
        type: u8
        if: _root.has_mr_addr
      - id: version
        type: u4
        valid: 1
      - id: page_size
        type: u8
        valid:
          min: 256
          max: 1048576
      - id: bitmap_offset
        type: u8
      - id: pages_offset
        type: u8
    instances:
      is_ignored:
        value: bitmap_offset == 0 and pages_offset == 0
      length:
        value: '1 + idstr.length + 8 + (_root.has_mr_addr ? 8 : 0) + 28'
      sum:
        value: (sum_before + used_length).as<u8>
      page_count:
        value: used_length / page_size
      bitmap:
        io: _root._io
        pos: bitmap_offset
        size: (page_count + 63) / 64 * 8
        if: not is_ignored
        doc: Page n is bit n & 7 of byte n >> 3, bit 0 being the lowest.
      page_area:
        io: _root._io
        pos: pages_offset
        size: used_length
        if: not is_ignored
        doc: A page whose bit is clear is zero, whatever is here.
      next_position:
        value: '(is_ignored ? position + length : pages_offset + used_length).as<u8>'
      next:
        io: _root._io
        pos: next_position
        type: entry(sum, total, next_position)
        if: sum < total
