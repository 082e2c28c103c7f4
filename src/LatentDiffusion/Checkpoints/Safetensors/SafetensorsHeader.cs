namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>The checked header of a file.</summary>
/// <param name="Metadata">The free texts of the file, without the checksum.</param>
/// <param name="Tensors">The tensors by name, in the order of their data.</param>
/// <param name="Checksum">Where the checksum stands in the JSON text and what it says, or null when there is none.</param>
internal sealed record SafetensorsHeader(
    IReadOnlyDictionary<string, string> Metadata,
    IReadOnlyDictionary<string, TensorEntry> Tensors,
    RecordedChecksum? Checksum
);

/// <summary>The checksum that a file's header states.</summary>
/// <param name="Position">Bytes from the start of the JSON text to the first digit.</param>
/// <param name="Digits">The hexadecimal digits.</param>
internal sealed record RecordedChecksum(int Position, string Digits);
