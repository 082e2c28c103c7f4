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
        WriteLazily(path, tensors.Select(t => TensorToWrite.Of(t.Key, t.Value)), metadata);
    }

    /// <summary>The same for tensors that are made one at a time, when their turn comes.</summary>
    /// <param name="path">The file to create or replace. Its folder must exist.</param>
    /// <param name="tensors">The tensors; each is read once and let go.</param>
    /// <param name="metadata">Free texts, or null for none.</param>
    /// <exception cref="ArgumentException">Two tensors share a name, a text is not valid Unicode, or the format cannot hold a tensor.</exception>
    /// <exception cref="Errors.UserInputException">The folder is missing or may not be written to.</exception>
    /// <exception cref="IOException">The disk is full (the message says so), or writing failed otherwise.</exception>
    public static void WriteLazily(
        string path,
        IEnumerable<TensorToWrite> tensors,
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
                foreach (var (entry, tensor) in items)
                {
                    WriteData(stream, checksum, entry, tensor);
                }

                stream.Position = digitsPosition;
                stream.Write(Encoding.ASCII.GetBytes(checksum.GetDigits()));
            }
        );
    }

    /// <summary>Tensors in the order in which a file has them.</summary>
    internal static IReadOnlyList<TensorToWrite> InOrder(IEnumerable<TensorToWrite> tensors) =>
        [.. Arrange(tensors).Select(item => item.Tensor)];

    private static List<(TensorEntry Entry, TensorToWrite Tensor)> Arrange(IEnumerable<TensorToWrite> tensors)
    {
        // UTF-8 order is the reference's; it differs from UTF-16's beyond the basic plane.
        var ordered = tensors
            .Select(t => (t.Name, Tensor: t, Dtype: DtypeOf(t), Order: Encoding.UTF8.GetBytes(t.Name)))
            .OrderByDescending(t => t.Dtype)
            .ThenBy(t => t.Order, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));

        List<(TensorEntry, TensorToWrite)> items = [];
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

            var length = tensor.Shape.Aggregate(1L, (product, size) => product * size) * dtype.Bits() / 8;
            items.Add((new TensorEntry(name, dtype, tensor.Shape, offset, length), tensor));
            offset += length;
        }

        return items;
    }

    private static SafetensorsDtype DtypeOf(TensorToWrite tensor) =>
        SafetensorsDtypes.Find(tensor.Dtype) is { } dtype && !tensor.IsSparse
            ? dtype
            : throw new ArgumentException(
                $"Tensor {OneLine.Quote(tensor.Name)} is {(tensor.IsSparse ? "sparse" : tensor.Dtype)}: the format cannot "
                    + "hold it."
            );

    private static void WriteData(Stream stream, Checksum checksum, TensorEntry entry, TensorToWrite source)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var tensor = source.Read();
        if (tensor.dtype != source.Dtype || !tensor.shape.SequenceEqual(source.Shape))
        {
            throw new InvalidOperationException($"Tensor {OneLine.Quote(entry.Name)} is not as announced.");
        }

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
