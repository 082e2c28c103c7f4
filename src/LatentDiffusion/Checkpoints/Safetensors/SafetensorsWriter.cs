using System.Text;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>Writes safetensors files: atomically, the same bytes for the same contents, with a checksum.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes the tensors in the reference's order: widest dtype first, then by name.</summary>
    /// <remarks>
    /// Contiguous CPU tensors go to the file straight from their memory. Others are copied, one at a time.
    /// The checksum is an entry of the metadata that other readers ignore; <see cref="SafetensorsFile.Open"/> compares it.
    /// </remarks>
    /// <param name="path">The file to create or replace. Its folder must exist.</param>
    /// <param name="tensors">The tensors by name, of any shape and device. They stay the caller's.</param>
    /// <param name="metadata">Free texts, or null for none.</param>
    /// <exception cref="ArgumentException">Two tensors share a name, a text is not valid Unicode, or the format cannot hold a tensor.</exception>
    /// <exception cref="Errors.UserInputException">The folder is missing or may not be written to.</exception>
    /// <exception cref="IOException">The disk is full (the message says so), or writing failed otherwise.</exception>
    public static void Write(
        string path,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null
    )
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var items = Arrange(tensors);
        var (header, digitsPosition) = SafetensorsHeaderWriter.Build(
            items.Select(i => i.Entry),
            metadata ?? new Dictionary<string, string>()
        );

        AtomicFile.Write(
            path,
            stream =>
            {
                var checksum = new Checksum();
                checksum.Append(header);
                stream.Write(header);
                foreach (var (_, tensor) in items)
                {
                    WriteData(stream, checksum, tensor);
                }

                stream.Position = digitsPosition;
                stream.Write(Encoding.ASCII.GetBytes(checksum.GetDigits()));
            }
        );
    }

    private static List<(TensorEntry Entry, Tensor Tensor)> Arrange(IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        // UTF-8 order is the reference's; it differs from UTF-16's beyond the basic plane.
        var ordered = tensors
            .Select(t => (t.Key, t.Value, Dtype: DtypeOf(t.Key, t.Value), Order: Encoding.UTF8.GetBytes(t.Key)))
            .OrderByDescending(t => t.Dtype)
            .ThenBy(t => t.Order, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));

        List<(TensorEntry, Tensor)> items = [];
        HashSet<string> names = [];
        long offset = 0;
        foreach (var (name, tensor, dtype, _) in ordered)
        {
            if (name == SafetensorsHeaderWriter.MetadataName || !names.Add(name))
            {
                throw new ArgumentException(
                    $"Tensor name {OneLine.Quote(name)} is reserved or used twice.",
                    nameof(tensors)
                );
            }

            var length = tensor.numel() * tensor.element_size();
            items.Add((new TensorEntry(name, dtype, tensor.shape, offset, length), tensor));
            offset += length;
        }

        return items;
    }

    private static SafetensorsDtype DtypeOf(string name, Tensor tensor) =>
        SafetensorsDtypes.Find(tensor.dtype) is { } dtype && !tensor.is_sparse
            ? dtype
            : throw new ArgumentException(
                $"Tensor {OneLine.Quote(name)} is {(tensor.is_sparse ? "sparse" : tensor.dtype)}: the format cannot hold it."
            );

    private static void WriteData(Stream stream, Checksum checksum, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();

        // Each of these gives the same memory back unless it has something to do.
        var plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();
        TensorMemory.ForEachPiece(
            plain,
            (piece, _) =>
            {
                checksum.Append(piece);
                stream.Write(piece);
            }
        );
    }
}
